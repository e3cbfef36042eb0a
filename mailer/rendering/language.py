"""The merge language: what may stand between ``{{ }}`` and ``{% %}`` in a mail.

It is a small part of Jinja2: names of a fixed vocabulary, a few filters, ``if`` and
``for`` over what is known of the reader. No arithmetic, assignments or calls: whoever
writes a mail is not a programmer of this server, and ``{{ 'a' * 10 ** 9 }}`` or nested
ranges would take it down (the sandbox bounds neither time nor memory). So the whole tree
is checked against an allow-list before anything is compiled, and what is left cannot run
longer than the template is long, but for loops, which have a budget (``loops``).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from types import CodeType
from typing import Any, Final

from jinja2 import Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment, SecurityError
from jinja2.visitor import NodeTransformer
from markupsafe import escape

from mailer.errors import Invalid
from mailer.rendering.filters import FILTERS, IN_LANGUAGE
from mailer.rendering.loops import Budget, steps_in, turns
from mailer.rendering.missing import Missing, Several

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

#: Written by ``freeze`` and by nobody else.
LINK_URL: Final = "link_url"
PIXEL_URL: Final = "pixel_url"
_LINE_END: Final = re.compile(r"\r\n?")
_SPECIAL: Final = re.compile(r"""[&<>"']""").search
#: No tag can say it, so that only the program itself escapes: once, where a value is put out.
_ESCAPE: Final = "escape for HTML"
_TURNS: Final = "turns of a loop"
#: What a loop knows of itself.
_LOOP: Final = "loop"
_LOOP_SAYS: Final = frozenset({"index", "first", "last", "length"})
#: Between the parts of a message; no text that is ours or a reader's holds a zero byte.
_END_OF_PART: Final = "\x00end of part\x00"

#: What somebody may write, and what a frozen message, with its CSS inlined, may have become.
LONGEST_SOURCE: Final = 256 * 1024
_LONGEST_FROZEN: Final = 8 * LONGEST_SOURCE
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


def _environment() -> _Environment:
    environment = _Environment(
        undefined=Missing,
        keep_trailing_newline=True,
        cache_size=0,
        # ``{#`` is how minified CSS begins a rule about an id, and mails need no comments.
        comment_start_string="\x00\x01",
        comment_end_string="\x01\x00",
    )
    environment.filters = {**FILTERS, _ESCAPE: _escaped, _TURNS: turns}
    environment.tests = {name: environment.tests[name] for name in TESTS}
    environment.globals = {}
    return environment


@dataclass(frozen=True)
class Address:
    """How an address begins and ends that has one reader's token in it.

    :param token: the name of the value that holds the token
    """

    prefix: str
    token: str
    suffix: str = ""


#: By the name in a tag, such as ``unsubscribe_url``; ``link_url`` has the link's number for a suffix.
Addresses = tuple[tuple[str, Address], ...]
#: Values that are the same for all readers, by path.
Fixed = tuple[tuple[str, str], ...]


#: A part of a message as constants and, by their numbers, the slots between them.
Layout = tuple[str | int, ...]


class Program:
    """A message that is ready to run.

    Names are looked up once for each run, by a function each, and not by the sandbox for
    each place they stand in: what a path may reach was checked before it was compiled.
    Nearly every message is a form, the same for all but for its slots: what they hold is
    asked for once, however often it stands there. One with an undecided ``if`` yields its
    parts piece by piece instead.

    :ivar layouts: of subject, HTML and text, when the message is a form
    :ivar constants: the pieces that are the same in every run, among others
    """

    def __init__(
        self,
        template: Template,
        getters: Mapping[str, Callable[[Mapping[str, Any]], Any]],
        layouts: tuple[Layout, ...] | None,
        *,
        has_loops: bool = False,
    ) -> None:
        self._template = template
        self._has_loops = has_loops
        self._getters = tuple(getters.items())
        self.layouts = layouts
        self.constants = frozenset(_constants(template.root_render_func.__code__)) - {_END_OF_PART}

    def fill(self, values: Mapping[str, Any]) -> list[str]:
        """Return what the slots of a form hold for one reader's values."""
        found = {name: get(values) for name, get in self._getters}
        made = self._template.root_render_func(self._template.new_context(found))
        return _counted(made) if self._has_loops else list(made)

    def run(self, values: Mapping[str, Any]) -> tuple[list[str], list[str], list[str]]:
        """Return the pieces of subject, HTML and text for one reader's values."""
        pieces = self.fill(values)
        if self.layouts is not None:
            subject, html, text = self.layouts
            return _laid_out(subject, pieces), _laid_out(html, pieces), _laid_out(text, pieces)
        first = pieces.index(_END_OF_PART)
        second = pieces.index(_END_OF_PART, first + 1)
        return pieces[:first], pieces[first + 1 : second], pieces[second + 1 :]


def _counted(made: Iterator[str]) -> list[str]:
    """Return the pieces of a message that has loops, unless there is far too much of them."""
    found, length = [], 0
    for piece in made:
        length += len(piece)
        if length > _LONGEST_FROZEN:
            raise SecurityError("the loops write too much")
        found.append(piece)
    return found


def _laid_out(layout: Layout, slots: Sequence[str]) -> list[str]:
    return [item if isinstance(item, str) else slots[item] for item in layout]


@lru_cache(maxsize=128)
def compiled(subject: str, html: str, text: str, *, addresses: Addresses = (), fixed: Fixed = ()) -> Program:
    """Return the program of a frozen message, checked again: no row can say more than the language.

    The parts become one program, since what a run costs is mostly its beginning.

    :param addresses: given, these addresses are made of constants and a token
    :param fixed: values that become constants
    :raises BadTag: a part is not in the merge language
    """
    flatten = _Flatten(dict(addresses), dict(fixed))
    parts: list[list[nodes.Node]] = []
    try:
        for source, is_html in ((subject, False), (html, True), (text, False)):
            check(source, names=VOCABULARY | {PIXEL_URL}, may_link=True, longest=_LONGEST_FROZEN)
            flatten.is_html = is_html
            parts.append(flatten.visit(_ENVIRONMENT.parse(source)).body)
        whole, layouts = _as_form(parts) or (_as_pieces(parts), None)
        whole.set_environment(_ENVIRONMENT)
        template = Template.from_code(_ENVIRONMENT, _ENVIRONMENT.compile(whole), {})
    except (SyntaxError, RecursionError, MemoryError):
        raise BadTag("The tags are nested too deeply.", line=1) from None
    return Program(template, flatten.getters, layouts, has_loops=flatten.has_loops)


def _as_form(parts: list[list[nodes.Node]]) -> tuple[nodes.Template, tuple[Layout, ...]] | None:
    """Return a template that yields each slot's text once, and where the slots are; None when it depends."""
    slots: dict[str, tuple[int, nodes.Expr]] = {}
    layouts = []
    for part in parts:
        layout: list[str | int] = []
        for output in part:
            if not isinstance(output, nodes.Output):
                return None
            for child in output.nodes:
                item = _constant(child)
                if item is None:
                    layout.append(slots.setdefault(repr(child), (len(slots), child))[0])
                elif layout and isinstance(layout[-1], str):
                    layout[-1] += item
                else:
                    layout.append(item)
        layouts.append(tuple(layout))
    outputs: list[nodes.Node] = [nodes.Output([child], lineno=1) for _, child in slots.values()]
    return nodes.Template(outputs, lineno=1), tuple(layouts)


def _as_pieces(parts: list[list[nodes.Node]]) -> nodes.Template:
    end = nodes.Output([nodes.TemplateData(_END_OF_PART)], lineno=1)
    subject, html, text = parts
    return nodes.Template([*subject, end, *html, end, *text], lineno=1)


def _worth(node: Any) -> Any:
    """Return the value of an expression that has the same one for all readers.

    :raises nodes.Impossible: it has not
    """
    node.set_environment(_ENVIRONMENT)
    return node.as_const()


def _constant(node: nodes.Expr) -> str | None:
    """Return the text of what does not depend on any value."""
    if isinstance(node, nodes.TemplateData):
        return str(node.data)
    try:
        return str(_worth(node))
    except nodes.Impossible:
        return None


class _Flatten(NodeTransformer):
    """Turns each path of a tree, such as ``subscriber.fields.city``, into one plain variable.

    What is put out into HTML is escaped by a filter of its own, and nothing else is.
    """

    def __init__(self, addresses: Mapping[str, Address], fixed: Mapping[str, str]) -> None:
        self.is_html = self.has_loops = False
        self.getters: dict[str, Callable[[Mapping[str, Any]], Any]] = {}
        #: What each loop around calls its value, and ``loop``, by the names that the program has for them.
        self._scope: dict[str, str] = {}
        self._addresses, self._fixed = addresses, fixed
        self._names: dict[str, str] = {}

    def visit_Output(self, node: nodes.Output) -> nodes.Output:
        """Spell out the addresses that end in a token, and escape the rest."""
        children: list[nodes.Expr] = []
        for child in node.nodes:
            if isinstance(child, nodes.TemplateData):
                children.append(child)
            else:
                children += self._spelled_out(child) or [self._put_out(self.visit(child))]
        node.nodes = children
        return node

    def visit_If(self, node: nodes.If) -> nodes.Node | list[nodes.Node]:
        """Keep one branch where the answer is the same for all readers."""
        # An address that is made of a token is always there.
        is_address = isinstance(node.test, nodes.Name) and node.test.name in self._addresses
        self.generic_visit(node)
        if is_address:
            return node.body
        if node.elif_:
            return node
        try:
            return node.body if _worth(node.test) else node.else_
        except nodes.Impossible:
            return node

    def visit_For(self, node: nodes.For) -> nodes.Node:
        """Let a loop count its turns, and give what it calls its value a name that no path has."""
        self.has_loops = True
        assert isinstance(node.target, nodes.Name)
        # What is gone through is looked up outside of the loop.
        values, steps = self.visit(node.iter), nodes.Const(steps_in(node.body))
        budget = self._variable("", lambda _: Budget())
        otherwise = [self._visited(child) for child in node.else_]
        outer, depth = self._scope, len(self._scope)
        self._scope = {**outer, node.target.name: f"item{depth}", _LOOP: f"loop{depth}"}
        body = [self._visited(child) for child in node.body]
        names = [nodes.Name(self._scope[name], "store") for name in (node.target.name, _LOOP)]
        self._scope = outer
        return nodes.For(
            nodes.Tuple(names, "store"),
            nodes.Filter(values, _TURNS, [budget, steps], [], None, None, lineno=node.lineno),
            [each for some in body for each in some],
            [each for some in otherwise for each in some],
            None,
            False,
            lineno=node.lineno,
        )

    def visit_Filter(self, node: nodes.Filter) -> nodes.Filter:
        """Tell the reader's language to a filter that writes in it."""
        self.generic_visit(node)
        if node.name in IN_LANGUAGE:
            paths = {"locale": "subscriber.locale"}
            if node.name == "date":
                paths["zone"] = "subscriber.time_zone"
            told: list[Any] = []
            for keyword, path in paths.items():
                told.append(nodes.Keyword(keyword, self._variable(path, _getter(path))))
            node.kwargs = [*node.kwargs, *told]
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:
        """Call ``link_url`` when the variable is looked up."""
        number = _link_number(node)
        return self._variable(f"{LINK_URL}({number})", lambda values: values[LINK_URL](number))

    def visit_Name(self, node: nodes.Name) -> nodes.Expr:
        """Look a path up."""
        path = _path(node)
        assert path is not None
        head, *inner = path.split(".")
        if head in self._scope:
            value: nodes.Expr = nodes.Name(self._scope[head], "load", lineno=node.lineno)
            for key in inner:
                value = nodes.Getattr(value, key, "load", lineno=node.lineno)
            return value
        if path in self._fixed:
            return nodes.Const(self._fixed[path], lineno=node.lineno)
        return self._variable(path, _getter(path))

    visit_Getattr = visit_Getitem = visit_Name

    def _visited(self, node: nodes.Node) -> list[nodes.Node]:
        seen = self.visit(node)
        return seen if isinstance(seen, list) else [seen]

    def _put_out(self, node: nodes.Expr) -> nodes.Expr:
        if not self.is_html:
            return node
        return nodes.Filter(node, _ESCAPE, [], [], None, None, lineno=node.lineno)

    def _spelled_out(self, node: nodes.Expr) -> list[nodes.Expr] | None:
        name, number = "", ""
        if isinstance(node, nodes.Call):
            name, number = LINK_URL, str(_link_number(node))
        elif isinstance(node, nodes.Name):
            name = node.name
        address = self._addresses.get(name)
        if address is None:
            return None
        prefix = str(escape(address.prefix)) if self.is_html else address.prefix
        return [
            nodes.TemplateData(prefix),
            self._variable(address.token, _getter(address.token)),
            nodes.TemplateData(address.suffix + number),
        ]

    def _variable(self, path: str, get: Callable[[Mapping[str, Any]], Any]) -> nodes.Name:
        name = self._names.setdefault(path, f"v{len(self._names)}")
        self.getters[name] = get
        return nodes.Name(name, "load", lineno=1)


def _getter(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """Return what looks a path up; nothing, and what is inside of nothing, is :class:`Missing`."""
    keys, missing = path.split("."), Missing(name=path)

    def get(values: Mapping[str, Any]) -> Any:
        value: Any = values
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if value is None:
            return missing
        # One kind of line end, so that none is made of two pieces.
        if type(value) is list:
            return Several(value)
        return _LINE_END.sub("\n", value) if type(value) is str and "\r" in value else value

    return get


def _escaped(value: Any) -> str:
    text = value if type(value) is str else str(value)
    return text if _SPECIAL(text) is None else str(escape(text))


_ENVIRONMENT: Final = _environment()


def _constants(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from _constants(constant)


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
        tree = _ENVIRONMENT.parse(source)
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
        for number, kind, value in _ENVIRONMENT.lex(source):
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
    waiting: list[nodes.Node] = [_ENVIRONMENT.parse(source)]
    while waiting:
        node = waiting.pop()
        path = _path(node) if isinstance(node, _NAMES) else None
        if isinstance(node, nodes.For) and isinstance(node.target, nodes.Name):
            of_loops |= {_LOOP, node.target.name}
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
        if name in {_LOOP, *(known.split(".")[0] for known in self._names)} or name in self._loop_names:
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
        path = _path(node)
        if path is None:
            raise self._error(node, "", "Only names such as subscriber.name can be looked up")
        if path in self._names:
            return
        head, _, inner = path.partition(".")
        if head in self._loop_names and not any(key.startswith("_") for key in inner.split(".")):
            return
        if head == _LOOP and self._loop_names:
            if inner not in _LOOP_SAYS:
                known = {f"{_LOOP}.{key}" for key in _LOOP_SAYS}
                raise self._error(node, path, f"there is nothing called “{path}”", known)
            return
        if path.startswith(FIELDS) and path.count(".") == 2:
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


def _path(node: nodes.Node) -> str | None:
    """Return ``subscriber.fields.city`` for the nodes that say it, or None when they say something else."""
    if isinstance(node, nodes.Name):
        return node.name if node.ctx == "load" else None
    if isinstance(node, nodes.Getattr):
        head = _path(node.node)
        return f"{head}.{node.attr}" if head else None
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        head = _path(node.node)
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


def _link_number(node: nodes.Call) -> int:
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
