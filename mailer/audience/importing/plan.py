"""What an import does with every row, read once a run, and the sorting of its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from mailer.audience.fields import defaults_of
from mailer.audience.importing.receive import JUDGED_ROWS, samples_of
from mailer.audience.importing.rows import Column, Person, Refused, RowReader, day_comes_first
from mailer.audience.models import Departure, Existing, Import
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.audience.queries.imports import lists_named_in
from mailer.audience.tags import tags_named
from mailer.errors import Invalid

#: Rows between two commits at most.
CHUNK: Final = 10_000
_MOST_TAGS: Final = 5_000
_TAGS_AT_ONCE: Final = 50


@dataclass(frozen=True)
class Refusal:
    """A row that is not taken."""

    number: int
    kind: str
    reason: str
    cells: Sequence[str]


@dataclass
class Batch:
    """Rows, sorted: the people in them by email key, and what is refused."""

    people: dict[str, Person] = field(default_factory=dict)
    #: Those of the file who are not to be mailed.
    departed: dict[str, Person] = field(default_factory=dict)
    #: Number and cells of each person's last row.
    origins: dict[str, tuple[int, Sequence[str]]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    #: Rows that say more of somebody whom another row of the batch has.
    repeated: int = 0

    def refuse(self, key: str, kind: str, reason: str) -> None:
        """Take somebody out again."""
        del self.people[key]
        number, cells = self.origins[key]
        self.refusals.append(Refusal(number, kind, reason, cells))


@dataclass(frozen=True)
class Plan:
    """What is done with every row."""

    import_id: UUID
    workspace_id: UUID
    actor_id: UUID | None
    file_name: str
    basis: str
    existing: Existing
    reader: RowReader
    #: In the order of the key, like every other writer, so that none waits in a circle.
    list_ids: Sequence[UUID]
    tag_names: Sequence[str]
    #: What new people have of the fields that the file says nothing of.
    defaults: Mapping[str, Any] = field(default_factory=dict)
    tag_ids: dict[str, UUID] = field(default_factory=dict)

    def tags(self, names: Sequence[str]) -> list[UUID]:
        """Return the ids of tags, made where they are missing.

        :raises Invalid: there are more than anybody tells apart
        """
        wanted = dict.fromkeys(name.casefold() for name in names)
        missing = [name for name in names if name.casefold() not in self.tag_ids]
        for start in range(0, len(missing), _TAGS_AT_ONCE):
            for tag in tags_named(self.workspace_id, missing[start : start + _TAGS_AT_ONCE]):
                self.tag_ids[tag.name.casefold()] = tag.id
        if len(self.tag_ids) > _MOST_TAGS:
            raise Invalid(f"The tags of this file are more than {_MOST_TAGS:,}; is that column really tags?")
        return [self.tag_ids[name] for name in wanted]


def plan_of(source: Import, *, now: datetime) -> Plan:
    """Return what an import does with every row."""
    definitions = {field.key: field for field in fields_of(source.workspace_id)}
    samples = samples_of(source, JUDGED_ROWS)
    columns = [
        Column(int(number), meaning, day_comes_first([row[int(number)] for row in samples]))
        for number, meaning in source.mapping.items()
    ]
    everyone = Departure.IMPORTED if source.is_suppression_list else None
    return Plan(
        import_id=source.id,
        workspace_id=source.workspace_id,
        actor_id=source.created_by_id,
        file_name=source.file_name,
        basis=source.consent_basis,
        existing=source.existing,
        reader=RowReader(columns, definitions, now=now, everyone=everyone),
        list_ids=sorted(row.id for row in lists_named_in(source)),
        tag_names=source.tag_names,
        defaults=defaults_of(definitions.values()),
    )


def sorted_out(plan: Plan, rows: Sequence[Sequence[str]], *, first_number: int) -> Batch:
    """Return rows as people, two rows of one person joined, and those that cannot be read."""
    batch = Batch()
    people, origins, read = batch.people, batch.origins, plan.reader.read
    for number, row in enumerate(rows, start=first_number):
        try:
            person = read(row)
        except Refused as refused:
            batch.refusals.append(Refusal(number, refused.kind, refused.reason, row))
            continue
        known = people.setdefault(person.key, person)
        if known is not person:
            batch.repeated += 1
            known.merge(person)
        origins[person.key] = (number, row)
    batch.departed = {key: person for key, person in people.items() if person.is_departed}
    for key in batch.departed:
        del people[key]
    return batch
