"""What keeps a document from becoming a mail: tags half written, addresses that lead where no mail may.

None of it keeps a document from being saved: it is said of its block, and the rest of the mail can be
looked at without it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from mailer.errors import Invalid
from mailer.rendering.blocks.document import Document
from mailer.rendering.blocks.palette import PALETTE
from mailer.rendering.blocks.values import Part, Rule
from mailer.rendering.language import BadTag, check

_LABELS: Final[Mapping[str, str]] = {offer.type: offer.label for offer in PALETTE}
_NO_WORDS: Final = frozenset({"id", "type"})

_P = TypeVar("_P", bound=Part)


@dataclass(frozen=True)
class Place:
    """Where a text of a document stands.

    :param owner: the id of its block, column or row; ``settings`` for what holds for the whole mail
    :param label: what people call that
    :param path: the name of the property, such as ``href`` or ``items.0.href``
    """

    owner: str = "settings"
    label: str = "Mail"
    path: str = ""

    def __str__(self) -> str:
        return f"{self.owner}.{self.path}"


@dataclass(frozen=True)
class Mistake:
    """Something that an author has written and that no mail can say.

    :param text: what is written there
    """

    place: Place
    text: str
    message: str


#: Is told of one text, and by which rules it goes; answers with what stands there from now on.
_Visit = Callable[[Place, Iterable[Any], str], str]


def mistakes_in(document: Document) -> list[Mistake]:
    """Return every mistake of a document, in the order in which it is read."""
    found: list[Mistake] = []

    def visit(place: Place, rules: Iterable[Any], text: str) -> str:
        message = _broken(rules, text) or _bad_tag(text)
        if message:
            found.append(Mistake(place, text, message))
        return text

    _visited(document, Place(), visit)
    return found


def check_document(document: Document) -> None:
    """Refuse a document that cannot become a mail.

    :raises Invalid: with every mistake under its place, such as ``blk_7k2m9q4x.href``
    """
    found = mistakes_in(document)
    if found:
        fields = {str(mistake.place): mistake.message for mistake in found}
        raise Invalid(f"{found[0].place.label}: {found[0].message}", fields=fields)


def without_mistakes(document: Document) -> Document:
    """Return a document as far as it can become a mail already.

    Addresses and conditions that cannot be used are left out; words show their tags as they are
    written, which is what their author has to see.
    """

    def visit(place: Place, rules: Iterable[Any], text: str) -> str:
        if _broken(rules, text):
            return ""
        return text.replace("{", "{{ '{' }}") if _bad_tag(text) else text

    return _visited(document, Place(), visit)


def _visited(part: _P, place: Place, visit: _Visit) -> _P:
    """Return a part whose texts are what a visitor made of them."""
    place = _within(part, place)
    changes: dict[str, Any] = {}
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        here = replace(place, path=f"{place.path}.{name}".lstrip("."))
        if isinstance(value, str) and name not in _NO_WORDS:
            changes[name] = visit(here, field.metadata, value)
        elif isinstance(value, Part):
            # Of a row's settings and a block's padding people say that they are the row's and the block's.
            changes[name] = _visited(value, place, visit)
        elif isinstance(value, tuple):
            changes[name] = tuple(
                _visited(each, replace(here, path=f"{here.path}.{number}"), visit)
                for number, each in enumerate(value)
            )
    changes = {name: value for name, value in changes.items() if value != getattr(part, name)}
    return part.model_copy(update=changes) if changes else part


def _within(part: Part, place: Place) -> Place:
    identifier = getattr(part, "id", None)
    if identifier is None:
        return place
    return Place(identifier, _LABELS.get(getattr(part, "type", ""), identifier[:3].capitalize()))


def _broken(rules: Iterable[Any], text: str) -> str:
    return next(filter(None, (rule.problem(text) for rule in rules if isinstance(rule, Rule))), "")


def _bad_tag(text: str) -> str:
    if "{" not in text:
        return ""
    try:
        check(text)
    except BadTag as error:
        return error.message
    return ""
