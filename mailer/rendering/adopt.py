"""HTML and MJML from another tool, made ours: its merge tags become tags of our language.

All else stays as it was: media queries, Outlook's comments, the doctype. What a tag
stands for is guessed from its name; what has no meaning here becomes a custom field of
the same name, so that nothing is lost and preflight can say who lacks it.

Understood are Mustache and Handlebars (Postmark, SendGrid, Brevo, Mandrill), Mailchimp's
``*|FNAME|*`` and the single tags of a few others.
"""

import html
import re
from dataclasses import dataclass, field
from typing import Final

from mailer.rendering.language import BadTag, check

_BRACES: Final = re.compile(
    r"\{\{\{\s*(.{1,300}?)\s*\}\}\}|\{\{\s*(.{1,300}?)\s*\}\}|\{%.{1,300}?%\}", re.DOTALL
)
_MAILCHIMP: Final = re.compile(r"\*\|(.{1,120}?)\|\*")
_OTHERS: Final = re.compile(
    r"%%([A-Za-z_][\w.-]{0,60})%%|%recipient\.(\w{1,60})%|\[(unsubscribe|webversion)\]"
)
_TITLE: Final = re.compile(r"<title\b[^>]*>(.*?)</title>", re.DOTALL | re.IGNORECASE)
_OPENING: Final = re.compile(r"#\s*(if|unless|each|with)?\s*(.*)", re.DOTALL)
_WORD: Final = re.compile(r"[\w.@-]+")

#: What a name means, by a part of it; the first that fits.
_MEANINGS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (r"unsub|opt_?out|^leave", "unsubscribe_url"),
        (r"update_profile|preferences|subscription_center|manage_", "preferences_url"),
        (r"^archive|view_?in_?browser|web_?version|browser_?link|weblink", "view_url"),
        (r"list:?_?address|postal_?address|company_?address|sender_address", "workspace.postal_address"),
        (r"^list:?_?(company|name)$|^company(_?name)?$|^product_?name$|sender_name$", "workspace.name"),
        (r"^e?_?mail(_?address)?$|^merge0$", "subscriber.email"),
        (
            r"^(contact[._])?(f_?name|first_?name|full_?name|name|l_?name|last_?name|username)$",
            "subscriber.name",
        ),
    )
)
#: What stood for something that is made by itself here.
_NEEDLESS: Final = re.compile(
    r"^(mc_preview_text|mc:subject|rewards|open_?pixel|tracking_?pixel)$", re.IGNORECASE
)


@dataclass
class Adopted:
    """A document that was taken over.

    :param subject: of its title; empty when that says nothing
    :param fields: the custom fields that its tags ask for
    :param left_out: tags that have no counterpart, as they were written
    """

    source: str
    subject: str = ""
    fields: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def adopt(source: str) -> Adopted:
    """Return a document with its merge tags in our language."""
    source = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\x00", "")
    taken = _Taken()
    source = _BRACES.sub(taken.braces, source)
    source = _MAILCHIMP.sub(taken.mailchimp, source)
    source = _OTHERS.sub(lambda match: taken.value(next(filter(None, match.groups()))), source)
    title = _TITLE.search(source)
    subject = " ".join(html.unescape(title[1]).split()) if title else ""
    return Adopted(
        source=source + taken.ends(),
        subject="" if _MAILCHIMP.search(subject) else subject[:500],
        fields=sorted(taken.fields),
        left_out=taken.left_out,
    )


class _Taken:
    """Translates tag after tag, knowing which blocks are open."""

    def __init__(self) -> None:
        self.fields: set[str] = set()
        self.left_out: list[str] = []
        #: What each open block is closed by, and what a loop calls its value.
        self._open: list[tuple[str, str]] = []

    def braces(self, match: re.Match[str]) -> str:
        written = match[0]
        if not self._open and _is_ours(written):
            return written
        inner = match[1] or match[2] or ""
        if not inner or inner[0] in "!>":
            # A remark, a part from elsewhere, or a statement of a language that is not ours.
            return self._leave_out(written) if not inner or inner[0] == ">" else ""
        if inner[0] == "#":
            return self._begin(inner)
        if inner[0] == "^":
            if len(inner) == 1:
                return "{% else %}" if self._open else self._leave_out(written)
            return self._open_block(f"{{% if not {self._path(inner[1:].strip())} %}}", "{% endif %}")
        if inner[0] == "/":
            return self._end(written)
        if inner == "else":
            return "{% else %}" if self._open else self._leave_out(written)
        return self.value(inner.lstrip("&").strip())

    def mailchimp(self, match: re.Match[str]) -> str:
        inner = match[1].strip()
        kind, _, rest = inner.partition(":")
        if kind in {"IF", "IFNOT"} and (name := _WORD.match(rest)):
            is_not = "not " if kind == "IFNOT" else ""
            return self._open_block(f"{{% if {is_not}{self._path(name[0])} %}}", "{% endif %}")
        if inner in {"ELSE:", "ELSE"} and self._open:
            return "{% else %}"
        if kind == "END":
            return self._end(match[0])
        return self.value(inner)

    def value(self, name: str) -> str:
        """Return the tag that says what a name stood for."""
        if _NEEDLESS.match(name):
            return ""
        word = _WORD.match(name)
        if word is None:
            return self._leave_out(name)
        path = self._path(name if ":" in name else word[0])
        return f"{{{{ {path} }}}}"

    def ends(self) -> str:
        """Return what closes the blocks that were left open."""
        return "".join(end for end, _ in reversed(self._open))

    def _begin(self, inner: str) -> str:
        kind, name = _OPENING.fullmatch(inner).groups()  # type: ignore[union-attr]
        word = _WORD.match(name.strip("() "))
        path = self._path(word[0]) if word else ""
        if not path:
            return self._leave_out(f"{{{{{inner}}}}}")
        if kind == "each":
            item = f"item{len(self._open) or ''}"
            return self._open_block(f"{{% for {item} in {path} %}}", "{% endfor %}", item)
        return self._open_block(f"{{% if {'not ' if kind == 'unless' else ''}{path} %}}", "{% endif %}")

    def _open_block(self, tag: str, end: str, item: str = "") -> str:
        self._open.append((end, item))
        return tag

    def _end(self, written: str) -> str:
        return self._open.pop()[0] if self._open else self._leave_out(written)

    def _leave_out(self, written: str) -> str:
        self.left_out.append(written)
        return ""

    def _path(self, name: str) -> str:
        """Return a name of our vocabulary; inside a loop, one of its value."""
        item = next((item for _, item in reversed(self._open) if item), "")
        if name in {".", "this"}:
            return item or "subscriber.name"
        key = re.sub(r"[^a-z0-9]+", "_", name.removeprefix("this.").lower()).strip("_") or "value"
        if item:
            return f"{item}.{key}"
        meaning = next((meaning for pattern, meaning in _MEANINGS if pattern.search(name)), None)
        if meaning:
            return meaning
        key = f"f_{key}" if key[0].isdigit() else key
        self.fields.add(key[:60])
        return f"subscriber.fields.{key[:60]}"


def _is_ours(tag: str) -> bool:
    try:
        # A statement is one half of something; the other half makes it whole.
        check(f"{tag}{{% endif %}}" if re.match(r"\{%-?\s*if\b", tag) else tag)
    except BadTag:
        return bool(re.match(r"\{%-?\s*(elif|else|endif|for|endfor)\b", tag))
    return True
