"""The merge language: what may stand between ``{{ }}`` and ``{% %}`` in a mail.

It is a small part of Jinja2: names of a fixed vocabulary, a few filters, ``if`` and
``for`` over what is known of the reader. No arithmetic, assignments or calls: whoever
writes a mail is not a programmer of this server, and ``{{ 'a' * 10 ** 9 }}`` or nested
ranges would take it down (the sandbox bounds neither time nor memory). So the whole tree
is checked against an allow-list before anything is compiled, and what is left cannot run
longer than the template is long, but for loops, which have a budget (``loops``).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

from mailer.errors import Invalid
from mailer.rendering.filters import FILTERS
from mailer.rendering.loops import turns
from mailer.rendering.missing import Missing

#: What a campaign can say about its reader. Custom fields follow ``subscriber.fields.``.
VOCABULARY: Final = frozenset(
    {
        "subscriber.name",
        "subscriber.email",
        "subscriber.locale",
        "subscriber.time_zone",
        "subscriber.tags",
        "subscriber.lists",
        "subscriber.list",
        "subscriber.subscribed_at",
        "campaign.name",
        "workspace.name",
        "workspace.postal_address",
        "workspace.accent_color",
        "workspace.on_accent_color",
        "unsubscribe_url",
        "preferences_url",
        "view_url",
    }
)
FIELDS: Final = "subscriber.fields."
#: What a program sends along with a transactional message; a campaign has none.
VARIABLES: Final = "variables."

#: Written by ``freeze`` and by nobody else.
LINK_URL: Final = "link_url"
PIXEL_URL: Final = "pixel_url"
_SPECIAL: Final = re.compile(r"""[&<>"']""").search
#: No tag can say it, so that only the program itself escapes: once, where a value is put out.
ESCAPE: Final = "escape for HTML"
TURNS: Final = "turns of a loop"
#: What a loop knows of itself.
LOOP: Final = "loop"
_LOOP_SAYS: Final = frozenset({"index", "first", "last", "length"})

#: What somebody may write, and what a frozen message, with its CSS inlined, may have become.
LONGEST_SOURCE: Final = 256 * 1024
LONGEST_FROZEN: Final = 8 * LONGEST_SOURCE
_LONGEST_TAG: Final = 1_000
_MOST_TAGS: Final = 2_000
_MOST_LOOPS: Final = 100
_DEEPEST: Final = 30

_DEFAULT: Final = re.compile(r"""\|\s*d(?:efault)?\(\s*(['"])(.*?)\1""")

_STATEMENTS: Final = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For)
_EXPRESSIONS: Final = (
    nodes.Const,
    nodes.Filter,
    nodes.Keyword,
    nodes.Test,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.CondExpr,
    nodes.List,
    nodes.Tuple,
)
_NAMES: Final = (nodes.Name, nodes.Getattr, nodes.Getitem)

#: What other nodes are called in an error.
_FORBIDDEN: Final = {
    nodes.Assign: "“set”",
    nodes.AssignBlock: "“set”",
    nodes.Macro: "Macros",
    nodes.Call: "Calls",
    nodes.Include: "“include”",
    nodes.Import: "“import”",
    nodes.Extends: "“extends”",
    nodes.Dict: "Braces inside braces",
}


class BadTag(Invalid):
    """A merge tag that cannot be used.

    :param line: where it stands, counted from 1
    """

    def __init__(self, message: str, *, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Tag:
    """A merge tag as it was written, and its line."""

    text: str
    line: int

    @property
    def is_statement(self) -> bool:
        """Whether it decides about what follows, such as ``{% if … %}``, and shows nothing itself."""
        return self.text.startswith("{%")


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja2 that only ever looks into mappings: no value has attributes or methods here."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        value = obj.get(argument) if isinstance(obj, Mapping) else None
        return self.undefined(obj=obj, name=str(argument)) if value is None else value


TESTS: Final = frozenset({"defined", "undefined", "none", "odd", "even"})


def escaped(value: Any) -> str:
    """Return a value as text for HTML."""
    text = value if type(value) is str else str(value)
    return text if _SPECIAL(text) is None else str(escape(text))


def _environment() -> _Environment:
    environment = _Environment(
        undefined=Missing,
        keep_trailing_newline=True,
        cache_size=0,
        # ``{#`` is how minified CSS begins a rule about an id, and mails need no comments.
        comment_start_string="\x00\x01",
        comment_end_string="\x01\x00",
    )
    environment.filters = {**FILTERS, ESCAPE: escaped, TURNS: turns}
    environment.tests = {name: environment.tests[name] for name in TESTS}
    environment.globals = {}
    return environment


ENVIRONMENT: Final = _environment()


def check(
    source: str,
    *,
    names: frozenset[str] = VOCABULARY,
    may_link: bool = False,
    longest: int = LONGEST_SOURCE,
) -> None:
    """Refuse everything that is not in the merge language.

    :param names: the vocabulary
    :param may_link: whether ``link_url(3)`` may stand there, as it does once frozen
    :raises BadTag: with the line, the tag and, for a misspelling, what was probably meant
    """
    tags = [piece for piece in pieces(source, longest=longest) if isinstance(piece, Tag)]
    if len(tags) > _MOST_TAGS:
        raise BadTag(f"There are more than {_MOST_TAGS:,} tags.", line=tags[_MOST_TAGS].line)
    try:
        tree = ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        raise _syntax_error(error, tags) from None
    except RecursionError:
        raise BadTag("The tags are nested too deeply.", line=1) from None
    _Checker(tags, names, may_link=may_link).check(tree, depth=0)


def pieces(source: str, *, longest: int = LONGEST_SOURCE) -> Iterator[str | Tag]:
    """Split a source into plain text and merge tags, in order.

    :raises BadTag: a tag is not closed, or there is far too much text
    """
    if len(source) > longest:
        raise BadTag(f"This is longer than {longest // 1024} KB.", line=1)
    opened: list[str] = []
    line, length = 1, 0
    try:
        for number, kind, value in ENVIRONMENT.lex(source):
            if kind == "data" and not opened:
                yield value
                continue
            if not opened:
                line, length = number, 0
            opened.append(value)
            length += len(value)
            # Asked while it is read: an unclosed tag is as long as the rest of the source.
            if length > _LONGEST_TAG:
                raise BadTag(
                    f"Line {line}: a tag longer than {_LONGEST_TAG:,} characters, or one that is not closed.",
                    line=line,
                )
            if kind in {"variable_end", "block_end", "raw_end"}:
                yield Tag("".join(opened), line)
                opened = []
    except TemplateSyntaxError as error:
        raise BadTag(f"Line {error.lineno}: {_sentence(error.message)}", line=error.lineno) from None
    if opened:
        raise BadTag(f"Line {line}: the tag {''.join(opened)[:40]} is not closed.", line=line)


def without_tags(source: str) -> str:
    """Return a line as a person would read it in a list: defaults stand for their tags, dots for the others.

    Whatever the source holds, this never fails: half-written drafts are listed too.
    """
    try:
        parts = [piece if isinstance(piece, str) else _stand_in(piece) for piece in pieces(source)]
    except BadTag:
        return source
    return " ".join("".join(parts).split())


def _stand_in(tag: Tag) -> str:
    if tag.is_statement:
        return ""
    default = _DEFAULT.search(tag.text)
    return default[2] if default else "…"


def names_in(source: str) -> frozenset[str]:
    """Return the dotted names that a checked source uses, such as ``subscriber.fields.city``."""
    found, of_loops = set(), set()
    waiting: list[nodes.Node] = [ENVIRONMENT.parse(source)]
    while waiting:
        node = waiting.pop()
        path = path_of(node) if isinstance(node, _NAMES) else None
        if isinstance(node, nodes.For) and isinstance(node.target, nodes.Name):
            of_loops |= {LOOP, node.target.name}
        if path is not None:
            found.add(path)
        else:
            waiting.extend(node.iter_child_nodes())
    return frozenset(path for path in found if path.split(".")[0] not in of_loops)


class _Checker:
    """Walks the tree of one source."""

    def __init__(self, tags: list[Tag], names: frozenset[str], *, may_link: bool) -> None:
        self._tags = tags
        self._names = names
        self._may_link = may_link
        #: What the loops around call their values.
        self._loop_names: list[str] = []
        self._loops_left = _MOST_LOOPS

    def check(self, node: nodes.Node, *, depth: int) -> None:
        if depth > _DEEPEST:
            raise self._error(node, "is nested too deeply")
        if isinstance(node, _NAMES):
            self._check_name(node)
            return
        if isinstance(node, nodes.Call) and self._may_link and _is_link(node):
            return
        if not isinstance(node, _STATEMENTS + _EXPRESSIONS):
            what = _FORBIDDEN.get(type(node), "This kind of expression")
            raise self._error(node, "", f"{what} cannot be used in a mail")
        if isinstance(node, nodes.Filter):
            self._check_known("filter", node.name, FILTERS, node)
        if isinstance(node, nodes.Test):
            self._check_known("test", node.name, TESTS, node)
        if isinstance(node, nodes.For):
            self._check_loop(node, depth=depth + 1)
            return
        for child in node.iter_child_nodes():
            self.check(child, depth=depth + 1)

    def _check_loop(self, node: nodes.For, *, depth: int) -> None:
        if node.test is not None or node.recursive or not isinstance(node.target, nodes.Name):
            raise self._error(
                node, "", "A loop is written {% for tag in subscriber.tags %}, and no other way"
            )
        self._loops_left -= 1
        if self._loops_left < 0:
            raise self._error(node, "", f"there are more than {_MOST_LOOPS} loops")
        name = node.target.name
        if name in {LOOP, *(known.split(".")[0] for known in self._names)} or name in self._loop_names:
            raise self._error(node, "", f"“{name}” already means something; call the loop’s value otherwise")
        # Anything else is bounded by the source's length, and means nothing to go through.
        if not isinstance(node.iter, _NAMES):
            raise self._error(node, "", "A loop goes through a name, such as subscriber.tags")
        self._check_name(node.iter)
        for child in node.else_:
            self.check(child, depth=depth)
        self._loop_names.append(name)
        for child in node.body:
            self.check(child, depth=depth)
        self._loop_names.pop()

    def _check_name(self, node: nodes.Node) -> None:
        path = path_of(node)
        if path is None:
            raise self._error(node, "", "Only names such as subscriber.name can be looked up")
        if path in self._names:
            return
        head, _, inner = path.partition(".")
        if head in self._loop_names and not any(key.startswith("_") for key in inner.split(".")):
            return
        if head == LOOP and self._loop_names:
            if inner not in _LOOP_SAYS:
                known = {f"{LOOP}.{key}" for key in _LOOP_SAYS}
                raise self._error(node, path, f"there is nothing called “{path}”", known)
            return
        if path.startswith(FIELDS) and path.count(".") == 2:
            return
        if path.startswith(VARIABLES) and not any(key.startswith("_") for key in path.split(".")):
            return
        raise self._error(node, path, f"there is nothing called “{path}”", self._names)

    def _check_known(self, kind: str, name: str, known: Any, node: nodes.Node) -> None:
        if name not in known:
            raise self._error(node, name, f"there is no {kind} “{name}”", known)

    def _error(self, node: nodes.Node, word: str, problem: str = "", known: Any = ()) -> BadTag:
        # The parser forgets the line of some nodes that it makes up itself.
        line = node.lineno or 1
        tag = self._tag_at(line, word)
        where = f"Line {line}, {tag.text[:60]}" if tag else f"Line {line}"
        near = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
        guess = f"; did you mean “{near[0]}”?" if near else "."
        return BadTag(f"{where}: {problem or word}{guess}", line=line)

    def _tag_at(self, line: int, word: str) -> Tag | None:
        candidates = [tag for tag in self._tags if tag.line <= line <= tag.line + tag.text.count("\n")]
        last = word.rpartition(".")[2]
        return next((tag for tag in candidates if last in tag.text), candidates[0] if candidates else None)


def path_of(node: nodes.Node) -> str | None:
    """Return ``subscriber.fields.city`` for the nodes that say it, or None when they say something else."""
    if isinstance(node, nodes.Name):
        return node.name if node.ctx == "load" else None
    if isinstance(node, nodes.Getattr):
        head = path_of(node.node)
        return f"{head}.{node.attr}" if head else None
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        head = path_of(node.node)
        return f"{head}.{node.arg.value}" if head and isinstance(node.arg.value, str) else None
    return None


def _is_link(node: nodes.Call) -> bool:
    return (
        isinstance(node.node, nodes.Name)
        and node.node.name == LINK_URL
        and len(node.args) == 1
        and isinstance(node.args[0], nodes.Const)
        and isinstance(node.args[0].value, int)
        and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
    )


def link_number(node: nodes.Call) -> int:
    """Return which link a checked call asks for."""
    argument = node.args[0]
    assert isinstance(argument, nodes.Const)
    return int(argument.value)


def _syntax_error(error: TemplateSyntaxError, tags: list[Tag]) -> BadTag:
    line = error.lineno
    tag = next((tag for tag in tags if tag.line <= line <= tag.line + tag.text.count("\n")), None)
    where = f"Line {line}, {tag.text[:60]}" if tag else f"Line {line}"
    return BadTag(f"{where}: {_sentence(error.message)}", line=line)


def _sentence(message: str | None) -> str:
    text = re.sub(r"\s*You probably made a nesting mistake.*", "", message or "this cannot be read")
    return text[:1].lower() + text[1:].rstrip(".") + "."
