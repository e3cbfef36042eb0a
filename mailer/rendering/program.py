"""A frozen message, compiled: what is the same for all readers is known, the rest is asked for.

Nearly every message is a *form*: constants, and slots between them, each of which depends
on a value or two. What a slot says for a value is a function of that value alone, so
whoever fills in a thousand forms can remember it. A message with an undecided ``if``
yields its parts piece by piece instead.
"""

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any, Final

from jinja2 import Template, nodes
from jinja2.sandbox import SecurityError

from mailer.rendering.flatten import BUDGET, Addresses, Fixed, Flatten, worth
from mailer.rendering.language import (
    ENVIRONMENT,
    ESCAPE,
    LINK_URL,
    LONGEST_FROZEN,
    PIXEL_URL,
    VOCABULARY,
    BadTag,
    check,
)
from mailer.rendering.loops import Budget
from mailer.rendering.missing import Missing, Several

_LINE_END: Final = re.compile(r"\r\n?")
#: Between the parts of a message; no text that is ours or a reader's holds a zero byte.
_END_OF_PART: Final = "\x00end of part\x00"
#: Filters that leave a text as it is that is not empty and has nothing to escape.
_LEAVES_TEXT: Final = frozenset({"default", ESCAPE})
#: The path of what no two readers have in common.
_ADDRESS: Final = "subscriber.email"

Values = Mapping[str, Any]
#: A part of a message as constants and, by their numbers, the slots between them.
Layout = tuple[str | int, ...]


class Other:
    """A value that is no text: it is no key, since 1 and True are one to a dictionary."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Slot:
    """A place in a form.

    :ivar key: the number of the form's key that says what stands here
    :ivar is_token: whether it is a token as it is: letters, digits, ``-`` and ``_``, another for each reader
    :ivar is_verbatim: whether a text that is not empty stands here as it is, but for what HTML escapes
    :ivar is_one_of_a_kind: whether no two readers have the same value
    """

    __slots__ = (
        *("_block", "_names", "_short", "_template"),
        *("is_one_of_a_kind", "is_token", "is_verbatim", "key"),
    )

    def __init__(
        self,
        key: int,
        names: Mapping[str, str],
        *,
        block: str,
        template: Template,
        short: Callable[[str], Any] | None,
        is_token: bool,
        is_verbatim: bool,
    ) -> None:
        self.key, self.is_token, self.is_verbatim = key, is_token, is_verbatim
        self.is_one_of_a_kind = is_token or _ADDRESS in names.values()
        self._names, self._short = tuple(names.items()), short
        self._block, self._template = template.blocks[block], template

    def text(self, key: Any) -> str:
        """Return what stands here for a key.

        :raises TypeError, ValueError, TemplateError: the value does not suit the tag
        """
        if self._short is not None and type(key) is str:
            return str(self._short(_with_plain_ends(key)))
        found = (key,) if len(self._names) == 1 else key
        given = {name: _given(value, path) for (name, path), value in zip(self._names, found, strict=True)}
        return "".join(self._block(self._template.new_context(given)))


@dataclass(frozen=True)
class Form:
    """A message that is the same for all but its slots.

    :ivar keys: each returns a text, None, or something else that can be looked up in a dictionary, such that
        what a slot says depends on its key alone
    :ivar layouts: of subject, HTML and text
    """

    keys: tuple[Callable[[Values], Hashable], ...]
    slots: tuple[Slot, ...]
    layouts: tuple[Layout, Layout, Layout]

    def fill(self, values: Values) -> list[str]:
        """Return what the slots say for one reader's values."""
        found = [key(values) for key in self.keys]
        return [slot.text(found[slot.key]) for slot in self.slots]


class Program:
    """A message that is ready to run.

    Names are looked up by a function each, and not by the sandbox: what a path may reach
    was checked before it was compiled.

    :ivar form: None when more than slots depends on the reader
    :ivar constants: the pieces that are the same in every run, among others
    """

    def __init__(
        self, form: Form | None, template: Template, paths: Mapping[str, str], *, has_loops: bool = False
    ) -> None:
        self.form = form
        self._has_loops = has_loops
        self._template = template
        self._finders = [(name, path, _finder(path)) for name, path in paths.items()]
        self.constants = frozenset(_constants(template.root_render_func.__code__)) - {_END_OF_PART}

    def run(self, values: Values) -> tuple[list[str], list[str], list[str]]:
        """Return the pieces of subject, HTML and text for one reader's values."""
        if self.form is not None:
            slots = self.form.fill(values)
            subject, html, text = (laid_out(layout, slots) for layout in self.form.layouts)
            return subject, html, text
        given = {name: _given(find(values), path) for name, path, find in self._finders}
        made = self._template.root_render_func(self._template.new_context(given))
        pieces = _counted(made) if self._has_loops else list(made)
        first = pieces.index(_END_OF_PART)
        second = pieces.index(_END_OF_PART, first + 1)
        return pieces[:first], pieces[first + 1 : second], pieces[second + 1 :]


def _counted(made: Iterator[str]) -> list[str]:
    """Return the pieces of a message that has loops, unless there is far too much of them."""
    found, length = [], 0
    for piece in made:
        length += len(piece)
        if length > LONGEST_FROZEN:
            raise SecurityError("the loops write too much")
        found.append(piece)
    return found


def laid_out(layout: Layout, slots: Sequence[str]) -> list[str]:
    """Return a part in pieces."""
    return [item if isinstance(item, str) else slots[item] for item in layout]


@lru_cache(maxsize=128)
def compiled(subject: str, html: str, text: str, *, addresses: Addresses = (), fixed: Fixed = ()) -> Program:
    """Return the program of a frozen message, checked again: no row can say more than the language.

    :param addresses: given, these addresses are made of constants and a token
    :param fixed: values that become constants
    :raises BadTag: a part is not in the merge language
    """
    flatten = Flatten(dict(addresses), dict(fixed))
    parts: list[list[nodes.Node]] = []
    try:
        for source, is_html in ((subject, False), (html, True), (text, False)):
            check(source, names=VOCABULARY | {PIXEL_URL}, may_link=True, longest=LONGEST_FROZEN)
            flatten.is_html = is_html
            parts.append(flatten.visit(ENVIRONMENT.parse(source)).body)
        blanks = _blanks(parts)
        if blanks is None:
            return Program(None, _template(_as_pieces(parts)), flatten.paths, has_loops=flatten.has_loops)
        expressions, layouts = blanks
        template = _template([_block(number, node) for number, node in enumerate(expressions)])
    except (SyntaxError, RecursionError, MemoryError):
        raise BadTag("The tags are nested too deeply.", line=1) from None
    return Program(_form(expressions, layouts, template, flatten), template, flatten.paths)


def _template(body: list[nodes.Node]) -> Template:
    whole = nodes.Template(body, lineno=1)
    whole.set_environment(ENVIRONMENT)
    return Template.from_code(ENVIRONMENT, ENVIRONMENT.compile(whole), {})


def _blanks(
    parts: list[list[nodes.Node]],
) -> tuple[list[nodes.Expr], tuple[Layout, Layout, Layout]] | None:
    """Return what differs from reader to reader, each once, and where it stands; None when it depends."""
    blanks: dict[str, tuple[int, nodes.Expr]] = {}
    layouts = []
    for part in parts:
        layout: list[str | int] = []
        for output in part:
            if not isinstance(output, nodes.Output):
                return None
            for child in output.nodes:
                item = _constant(child)
                if item is None:
                    layout.append(blanks.setdefault(repr(child), (len(blanks), child))[0])
                elif layout and isinstance(layout[-1], str):
                    layout[-1] += item
                else:
                    layout.append(item)
        layouts.append(tuple(layout))
    subject, html, text = layouts
    return [node for _, node in blanks.values()], (subject, html, text)


def _form(
    expressions: Sequence[nodes.Expr],
    layouts: tuple[Layout, Layout, Layout],
    template: Template,
    flatten: "Flatten",
) -> Form:
    keys: dict[tuple[str, ...], int] = {}
    slots = []
    for number, node in enumerate(expressions):
        names = {name: flatten.paths[name] for name in _names_of(node)}
        key = keys.setdefault(tuple(names.values()), len(keys))
        is_token = isinstance(node, nodes.Name) and node.name in flatten.tokens
        slots.append(
            Slot(
                key,
                names,
                block=_block_name(number),
                template=template,
                short=_short_of(node),
                is_token=is_token,
                is_verbatim=_is_verbatim(node),
            )
        )
    return Form(tuple(_key(paths) for paths in keys), tuple(slots), layouts)


def _block_name(number: int) -> str:
    return f"slot{number}"


def _block(number: int, node: nodes.Expr) -> nodes.Node:
    """Return a block, which a template keeps as a function of its own."""
    return nodes.Block(_block_name(number), [nodes.Output([node], lineno=1)], False, False, lineno=1)


def _names_of(node: nodes.Expr) -> list[str]:
    """Return the variables of a flattened expression, each once."""
    if isinstance(node, nodes.Name):
        return [node.name]
    return list(dict.fromkeys(found.name for found in node.find_all(nodes.Name)))


def _short_of(node: nodes.Expr) -> Callable[[str], Any] | None:
    """Return what a slot makes of a text, when that is a value and its filters; None for all others.

    Names differ from reader to reader, and a run of a template costs ten times as much.
    """
    if isinstance(node, nodes.Name):
        return str
    if not isinstance(node, nodes.Filter) or node.dyn_args or node.dyn_kwargs or node.kwargs:
        return None
    filter_: Callable[..., Any] = ENVIRONMENT.filters[node.name]
    inner = _short_of(node.node) if node.node is not None else None
    if inner is None or hasattr(filter_, "jinja_pass_arg"):
        return None
    try:
        arguments = [argument.as_const() for argument in node.args]
    except nodes.Impossible:
        return None
    if inner is str and not arguments:
        return filter_
    return lambda text: filter_(inner(text), *arguments)


def _is_verbatim(node: nodes.Expr | None) -> bool:
    """Whether an expression is one value, with an escape at most and a word for when it is empty."""
    while isinstance(node, nodes.Filter) and node.name in _LEAVES_TEXT:
        node = node.node
    return isinstance(node, nodes.Name)


def _as_pieces(parts: list[list[nodes.Node]]) -> list[nodes.Node]:
    end = nodes.Output([nodes.TemplateData(_END_OF_PART)], lineno=1)
    subject, html, text = parts
    return [*subject, end, *html, end, *text]


def _constant(node: nodes.Expr) -> str | None:
    """Return the text of what does not depend on any value."""
    if isinstance(node, nodes.TemplateData):
        return str(node.data)
    try:
        return str(worth(node))
    except nodes.Impossible:
        return None


def _key(paths: tuple[str, ...]) -> Callable[[Values], Hashable]:
    if len(paths) == 1:
        return _finder(paths[0])
    finders = [_finder(path) for path in paths]
    return lambda values: tuple([find(values) for find in finders])


def _finder(path: str) -> Callable[[Values], str | Other | None]:
    """Return what looks a path up in mappings; None for nothing, and what is inside of nothing."""
    *outer, last = path.split(".")
    if path == BUDGET:
        return lambda _: Other(Budget())
    if path.startswith(LINK_URL + "("):
        number = int(path[len(LINK_URL) + 1 : -1])
        return lambda values: str(values[LINK_URL](number))

    # Written out for the depths that there are: this is asked ten times for each message.
    def at_top(values: Values) -> str | Other | None:
        value = values.get(last)
        return value if value is None or type(value) is str else Other(value)

    def inside(values: Values) -> str | Other | None:
        value = values.get(outer[0])
        value = value.get(last) if isinstance(value, dict) else None
        return value if value is None or type(value) is str else Other(value)

    def deep(values: Values) -> str | Other | None:
        value: Any = values
        for name in outer:
            value = value.get(name)
            if not isinstance(value, dict):
                return None
        value = value.get(last)
        return value if value is None or type(value) is str else Other(value)

    return (at_top, inside, deep)[min(len(outer), 2)]


def _given(value: Any, path: str) -> Any:
    """Return what was found as the language sees it."""
    if value is None:
        return Missing(name=path)
    if type(value) is Other:
        return Several(value.value) if type(value.value) is list else value.value
    return _with_plain_ends(value)


def _with_plain_ends(text: str) -> str:
    """Leave one kind of line end, so that none is made of two pieces."""
    return _LINE_END.sub("\n", text) if "\r" in text else text


def _constants(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from _constants(constant)
