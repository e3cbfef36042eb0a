"""Edits that mend a finding, applied to what its author wrote and to nothing else.

A mend is a value: it can be shown, sent to a browser and applied there or here. It
says what to look for, so that one that does not fit the source any more (it was
written elsewhere, or mended already) changes nothing and is not offered.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

#: Stands for what a person types when a mend needs their words.
ANSWER: Final = "\ue000answer\ue000"
_START_TAG: Final = r"<{name}\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*>"


@dataclass(frozen=True)
class Source:
    """What an author wrote, in the parts that a mend can change.

    :param format: ``markdown``, ``html``, ``mjml``; ``design`` when the body is a document of blocks
    :param design: that document, as JSON has it
    """

    subject: str = ""
    preheader: str = ""
    body: str = ""
    text: str | None = None
    format: str = "html"
    design: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Replace:
    """Put other words in the place of some, in one part, wherever they stand.

    :param is_once: leave them alone when they stand in several places, because only one is meant
    """

    part: str
    old: str
    new: str
    is_once: bool = False


@dataclass(frozen=True)
class SetAttribute:
    """Give elements of the HTML an attribute.

    :param having: an attribute and its value that say which elements; none for all that lack ``name``
    """

    element: str
    name: str
    value: str
    having: tuple[str, str] | None = None


@dataclass(frozen=True)
class SetProperty:
    """Give a block of a design a property."""

    block: str
    name: str
    value: str


@dataclass(frozen=True)
class SetColor:
    """Use another colour for words that have this one."""

    old: str
    new: str


Edit = Replace | SetAttribute | SetProperty | SetColor


@dataclass(frozen=True)
class Mend:
    """Edits under one button.

    :param label: what the button says
    :param edits: tried in order; the first that changes something is the mend
    :param ask: what to ask the author for, when the edits need their words (:data:`ANSWER`)
    """

    label: str
    edits: tuple[Edit, ...]
    ask: str = ""


def fits(source: Source, mend: Mend) -> bool:
    """Whether a mend would change something."""
    return apply(source, mend, answer="…") != source


def apply(source: Source, mend: Mend, *, answer: str = "") -> Source:
    """Return the source with a mend applied; the same when none of its edits fits.

    :param answer: what the author typed, when the mend asks for words
    """
    for edit in mend.edits:
        changed = _apply(source, _answered(edit, answer) if mend.ask else edit)
        if changed != source:
            return changed
    return source


def _answered(edit: Edit, answer: str) -> Edit:
    match edit:
        case Replace():
            if f"'{ANSWER}'" in edit.new:
                # Inside a merge tag, which a quote or a brace would end.
                answer = re.sub(r"[{}%\\]", "", answer.replace("'", "’"))
            return replace(edit, new=edit.new.replace(ANSWER, answer))
        case SetAttribute() | SetProperty():
            return replace(edit, value=edit.value.replace(ANSWER, answer))
    return edit


def _apply(source: Source, edit: Edit) -> Source:
    match edit:
        case Replace(part="body"):
            return _in_body(source, lambda text, key: _replaced(text, edit))
        case Replace(part="text") if source.text is None:
            return source
        case Replace(part="text"):
            return replace(source, text=_replaced(source.text or "", edit))
        case Replace(part="subject"):
            return replace(source, subject=_replaced(source.subject, edit))
        case Replace(part="preheader"):
            return replace(source, preheader=_replaced(source.preheader, edit))
        case SetAttribute() if source.format == "markdown":
            return replace(source, body=_in_markdown(source.body, edit))
        case SetAttribute() if source.format != "design":
            return replace(source, body=_with_attribute(source.body, edit))
        case SetColor():
            return _in_body(source, lambda text, key: _recolored(text, edit, key))
        case SetProperty() if source.design is not None:
            return replace(source, design=_with_property(source.design, edit))
    return source


def _replaced(text: str, edit: Replace) -> str:
    count = text.count(edit.old) if edit.old else 0
    if not count or (edit.is_once and count > 1):
        return text
    return text.replace(edit.old, edit.new)


def _in_body(source: Source, change: Callable[[str, str], str]) -> Source:
    if source.design is None:
        return replace(source, body=change(source.body, ""))
    return replace(source, design=_walked(source.design, change))


def _walked(node: Any, change: Callable[[str, str], str], key: str = "") -> Any:
    """Change every text in a document, but not what its parts are called."""
    if isinstance(node, str):
        return node if key in {"id", "type"} else change(node, key)
    if isinstance(node, list | tuple):
        return [_walked(one, change, key) for one in node]
    if isinstance(node, Mapping):
        return {name: _walked(value, change, name) for name, value in node.items()}
    return node


def _with_property(node: Any, edit: SetProperty) -> Any:
    if isinstance(node, list | tuple):
        return [_with_property(one, edit) for one in node]
    if isinstance(node, Mapping):
        changed = {key: _with_property(value, edit) for key, value in node.items()}
        return {**changed, edit.name: edit.value} if node.get("id") == edit.block else changed
    return node


def _recolored(text: str, edit: SetColor, key: str) -> str:
    spellings = _spellings(edit.old)
    if key and text.strip().lower() in spellings:
        return text if "background" in key else edit.new
    either = "|".join(map(re.escape, spellings))
    pattern = rf"((?<![-\w])color\s*[:=]\s*[\"']?)(?:{either})(?![\w])"
    return re.sub(pattern, lambda match: match[1] + edit.new, text, flags=re.IGNORECASE)


def _spellings(color: str) -> list[str]:
    """Return how else a colour is written: #abc is #aabbcc, and inlining shortens it."""
    color = color.strip().lower()
    if re.fullmatch(r"#[0-9a-f]{3}", color):
        return [color, "#" + "".join(digit * 2 for digit in color[1:])]
    if re.fullmatch(r"#([0-9a-f])\1([0-9a-f])\2([0-9a-f])\3", color):
        return [color, f"#{color[1]}{color[3]}{color[5]}"]
    return [color]


def _with_attribute(html: str, edit: SetAttribute) -> str:
    value = edit.value.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")

    def changed(match: re.Match[str]) -> str:
        tag = match[0]
        attributes = _attributes(tag)
        if edit.having is None:
            if edit.name in attributes:
                return tag
        elif attributes.get(edit.having[0]) != edit.having[1]:
            return tag
        bare = re.sub(
            rf"\s{edit.name}(\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+))?(?=[\s/>])", "", tag, flags=re.IGNORECASE
        )
        name = re.match(r"<[\w-]+", bare)
        assert name is not None
        return f'{name[0]} {edit.name}="{value}"{bare[name.end() :]}'

    names = f"(?:mj-)?{edit.element}" if edit.element != "img" else "(?:img|mj-image)"
    return re.sub(_START_TAG.replace("{name}", names), changed, html, flags=re.IGNORECASE)


def _attributes(tag: str) -> dict[str, str]:
    found = re.findall(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", tag)
    attributes = {name.lower(): double or single or bare for name, double, single, bare in found}
    return {name: value.replace("&amp;", "&") for name, value in attributes.items()}


def _in_markdown(text: str, edit: SetAttribute) -> str:
    if edit.element == "img" and edit.name == "alt" and edit.having:
        words = edit.value.replace("[", "\\[").replace("]", "\\]")
        return re.sub(rf"!\[[^\]]*\]\((?=<?{re.escape(edit.having[1])})", lambda _: f"![{words}](", text)
    return _with_attribute(text, edit)
