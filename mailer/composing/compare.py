"""What became different between two states of a template."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from mailer.composing.models import Template, TemplateVersion
from mailer.rendering.blocks.document import Document
from mailer.rendering.blocks.palette import PALETTE
from mailer.rendering.blocks.words import to_text

_LABELS = {offer.type: offer.label for offer in PALETTE}
#: Lines that stay are shown around those that do not, as many on each side.
_CONTEXT = 2


@dataclass(frozen=True)
class Line:
    """A line of the comparison.

    :param kind: ``same``, ``gone``, ``new``, or ``skipped`` for those left out between others
    """

    kind: str
    text: str


@dataclass(frozen=True)
class Comparison:
    """What became different.

    :param changes: parts that came, went or look different, in a few words each; of designs only
    :param lines: the words, line by line
    """

    changes: list[str]
    lines: list[Line]

    @property
    def is_same(self) -> bool:
        """Whether nothing did."""
        return not self.changes and all(line.kind in {"same", "skipped"} for line in self.lines)


def compare(before: Template | TemplateVersion, after: Template | TemplateVersion) -> Comparison:
    """Compare two states of one template."""
    one, other = before.document, after.document
    changes = list(_changes(one, other)) if one is not None and other is not None else []
    return Comparison(changes, _shortened(list(_lines(_words(before), _words(after)))))


def _words(source: Template | TemplateVersion) -> list[str]:
    document = source.document
    return (source.html if document is None else to_text(document)).splitlines()


def _lines(before: list[str], after: list[str]) -> Iterator[Line]:
    for kind, start, end, new_start, new_end in SequenceMatcher(None, before, after, False).get_opcodes():
        if kind == "equal":
            yield from (Line("same", text) for text in before[start:end])
            continue
        yield from (Line("gone", text) for text in before[start:end])
        yield from (Line("new", text) for text in after[new_start:new_end])


def _shortened(lines: list[Line]) -> list[Line]:
    """Leave out what stays, but for the lines around what does not."""
    near = {
        other
        for number, line in enumerate(lines)
        if line.kind != "same"
        for other in range(number - _CONTEXT, number + _CONTEXT + 1)
    }
    kept: list[Line] = []
    for number, line in enumerate(lines):
        if number in near:
            kept.append(line)
        elif not kept or kept[-1].kind != "skipped":
            kept.append(Line("skipped", ""))
    return kept


def _changes(before: Document, after: Document) -> Iterator[str]:
    old, new = ({block.id: block for block in document.blocks()} for document in (before, after))
    yield from (f"{_LABELS[block.type]} removed" for key, block in old.items() if key not in new)
    yield from (f"{_LABELS[block.type]} added" for key, block in new.items() if key not in old)
    for key, block in new.items():
        if key in old and old[key] != block:
            was = old[key].model_dump()
            names = [name for name, value in block.model_dump().items() if was.get(name) != value]
            yield f"{_LABELS[block.type]}: {', '.join(name.replace('_', ' ') for name in names)}"
    if [key for key in old if key in new] != [key for key in new if key in old]:
        yield "Blocks in another order"
    if before.settings != after.settings:
        yield "The look of the whole"
    if _rows(before) != _rows(after):
        yield "Rows"


def _rows(document: Document) -> list[object]:
    return [
        (row.id, row.settings, row.visible_if, [(column.id, column.width) for column in row.columns])
        for row in document.rows
    ]
