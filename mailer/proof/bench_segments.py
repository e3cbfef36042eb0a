"""``mailer bench segments``: ten segments counted by us, beside the SQL that somebody would write by hand.

On PostgreSQL, over an audience of the size that is asked for. The two are counted in turn,
now the one first, now the other, so that whatever else the machine does meets both alike;
the median of each is taken. Both have to find the same number of people.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import ClauseElement, text

from mailer.accounts.found import create_owner
from mailer.accounts.models import Workspace
from mailer.app import create_app
from mailer.audience.fields import create_field
from mailer.audience.lists import ListSettings, create_list
from mailer.audience.models import FieldType
from mailer.audience.tags import tags_named
from mailer.config import load
from mailer.db import db, make_room
from mailer.delivery.models import Message, MessageKind
from mailer.lib.clock import utcnow
from mailer.proof import postgres
from mailer.proof.installation import BenchFailed
from mailer.runtime.migrations import migrate_to
from mailer.segments.conditions import read_tree
from mailer.segments.members import people_in

Tell = Callable[[str], None]
#: Rounds, behind one that warms the cache up.
_TIMES: Final = 9
_MOST_RATIO: Final = 1.2
_DAYS: Final = 90
_COUNTED: Final = "SELECT count(*) FROM subscribers s WHERE s.workspace_id = :workspace AND "
#: A UUIDv7 of a number, as old as people are who came one a second.
_ID: Final = (
    "(lpad(to_hex(1700000000000 + {n}::bigint * 1000), 12, '0') || '7' || substr(md5('{kind}' || {n}), 1, 3)"
    " || '8' || substr(md5('{kind}' || {n}), 4, 15))::uuid"
)


@dataclass(frozen=True)
class Sample:
    """A segment, and the same as somebody would write it.

    :param has_events: whether it asks about mails or events
    :param sql: of the people ``s`` that it counts, behind WHERE
    """

    name: str
    conditions: list[dict[str, Any]]
    sql: str
    has_events: bool = False


@dataclass(frozen=True)
class Measured:
    """One segment's count: how many people, and how long it took both ways, in seconds."""

    sample: Sample
    count: int
    ours: float
    by_hand: float
    plans: Sequence[str] = ()

    @property
    def ratio(self) -> float:
        """Ours over the one by hand."""
        return self.ours / self.by_hand

    def line(self) -> str:
        """Return the figures as one line."""
        kind = "events" if self.sample.has_events else ""
        return (
            f"{self.sample.name:<44} {kind:<6} {self.count:>9,} people  ours {self.ours * 1_000:>7,.0f} ms  "
            f"by hand {self.by_hand * 1_000:>7,.0f} ms  ratio {self.ratio:.2f}"
        )

    def why(self) -> str:
        """Return how PostgreSQL went about both, where ours took longer than it may."""
        return "\n\n".join(self.plans)


def bench_segments(people: int, events: int, tell: Tell) -> Iterator[Measured]:
    """Measure the ten samples.

    :param people: how many subscribers
    :param events: how many deliveries, opened or not, and custom events together
    :raises BenchFailed: a segment counts others than the SQL does
    """
    with postgres.server(postgres.DURABLE) as url, TemporaryDirectory(prefix="mailer-bench-") as folder:
        settings = load({"MAILER_DATA_DIR": folder, "MAILER_DATABASE_URL": url % "postgres"})
        with create_app(settings).app_context():
            migrate_to("head")
            tell(f"an audience of {people:,} people and {events:,} events")
            things = _audience(people, events)
            for sample in _samples(things):
                measured = _measured(sample, things)
                if measured.plans:
                    tell(measured.why())
                yield measured
            db.session.rollback()
            db.engine.dispose()


def _measured(sample: Sample, things: dict[str, Any]) -> Measured:
    now: datetime = things["now"]
    tree = read_tree({"type": "group", "match": "all", "conditions": sample.conditions})
    ours = people_in(things["workspace"], tree, now=now).with_only_columns(text("count(*)"))
    by_hand = text(_COUNTED + sample.sql)
    values = {name: things[name] for name in by_hand.compile().params}
    taken: dict[str, list[float]] = {"ours": [], "by_hand": []}
    counts = set()
    # For both, as whenever members are counted.
    make_room()
    turn: list[tuple[str, Any, dict[str, Any]]] = [("ours", ours, {}), ("by_hand", by_hand, values)]
    for number in range(_TIMES + 1):
        for name, query, given in turn:
            began = time.perf_counter()
            counts.add(db.session.scalar(query, given))
            if number:
                taken[name].append(time.perf_counter() - began)
        turn.reverse()
    if len(counts) != 1:
        raise BenchFailed(f"“{sample.name}” counts {sorted(counts)}.")
    seconds = {name: median(times) for name, times in taken.items()}
    is_slow = seconds["ours"] > _MOST_RATIO * seconds["by_hand"]
    return Measured(
        sample,
        counts.pop(),
        **seconds,
        plans=[f"{name}:\n{_plan(query, given)}" for name, query, given in sorted(turn)] if is_slow else (),
    )


def _plan(query: ClauseElement, given: dict[str, Any]) -> str:
    """Return what PostgreSQL does, with the pages that it reads."""
    compiled = query.compile(db.engine, compile_kwargs={"render_postcompile": True})
    rows = db.session.connection().exec_driver_sql(
        f"EXPLAIN (ANALYZE, BUFFERS) {compiled}", {**compiled.params, **given}
    )
    return "\n".join(row[0] for row in rows)


_IS_TAGGED: Final = "EXISTS (SELECT FROM subscriber_tags t WHERE t.subscriber_id = s.id AND t.tag_id = :tag)"
_IS_LISTED: Final = (
    "EXISTS (SELECT FROM subscriptions p WHERE p.subscriber_id = s.id AND p.list_id = :list"
    " AND p.status = 'active')"
)
_MAILED: Final = "SELECT FROM deliveries d WHERE d.subscriber_id = s.id AND d.campaign_id IS NOT NULL"
_ORDERED: Final = (
    "SELECT {what} FROM events e WHERE e.workspace_id = :workspace AND e.name = 'order.placed'"
    " AND e.at >= :since"
)


def _samples(things: dict[str, Any]) -> Iterator[Sample]:
    tagged = {"type": "tag", "tag": things["tag_id"]}
    listed = {"type": "list", "list": things["list_id"]}
    yield from _of_people(tagged, listed)
    yield from _of_what_they_did(tagged, listed)


def _of_people(tagged: dict[str, Any], listed: dict[str, Any]) -> Iterator[Sample]:
    yield Sample(
        "a domain",
        [{"type": "detail", "detail": "domain", "test": "is", "value": "example.org"}],
        "s.email_key LIKE '%@example.org'",
    )
    yield Sample(
        "a text",
        [{"type": "field", "field": "city", "test": "is", "value": "Porto"}],
        "lower(s.fields ->> 'city') = 'porto'",
    )
    yield Sample(
        "a number",
        [{"type": "field", "field": "loaves", "test": "more", "value": "95"}],
        "(s.fields ->> 'loaves')::float > 95",
    )
    yield Sample("a tag and a list", [tagged, listed], f"{_IS_TAGGED} AND {_IS_LISTED}")
    yield Sample(
        "came lately, without a tag",
        [
            {"type": "detail", "detail": "added", "test": "in_last", "value": str(_DAYS)},
            {**tagged, "has": False},
        ],
        f"s.created_at >= :since AND NOT {_IS_TAGGED}",
    )
    yield Sample(
        "one of a list or a text, not suppressed",
        [
            {
                "type": "group",
                "match": "any",
                "conditions": [listed, {"type": "field", "field": "city", "test": "is", "value": "Faro"}],
            },
            {"type": "group", "match": "none", "conditions": [{"type": "suppressed"}]},
        ],
        f"({_IS_LISTED} OR lower(s.fields ->> 'city') = 'faro') AND NOT EXISTS (SELECT FROM suppressions x"
        " WHERE x.workspace_id = :workspace AND x.email_key = s.email_key)",
    )


def _of_what_they_did(tagged: dict[str, Any], listed: dict[str, Any]) -> Iterator[Sample]:
    lately = {"within_days": _DAYS}
    yield Sample(
        "opened lately",
        [{"type": "did", "deed": "opened", **lately}],
        f"EXISTS ({_MAILED} AND d.human_opened_at >= :since)",
        has_events=True,
    )
    yield Sample(
        "on a list, never opened",
        [listed, {"type": "did", "deed": "opened", "count": "at_most", "times": 0}],
        f"{_IS_LISTED} AND NOT EXISTS ({_MAILED} AND d.human_opened_at IS NOT NULL)",
        has_events=True,
    )
    yield Sample(
        "ordered twice lately",
        [{"type": "event", "event": "order.placed", "times": 2, **lately}],
        "s.id IN ("
        + _ORDERED.format(what="e.subscriber_id")
        + " GROUP BY e.subscriber_id HAVING count(*) >= 2)",
        has_events=True,
    )
    yield Sample(
        "tagged, did not order lately",
        [tagged, {"type": "event", "event": "order.placed", "count": "at_most", "times": 0, **lately}],
        f"{_IS_TAGGED} AND NOT EXISTS (" + _ORDERED.format(what="") + " AND e.subscriber_id = s.id)",
        has_events=True,
    )


def _audience(people: int, events: int) -> dict[str, Any]:
    """Make an audience, and return what the samples ask about."""
    _, workspace = create_owner(email="bench@example.com", password=token_urlsafe(), workspace="Bench")
    create_field(workspace.id, "City")
    create_field(workspace.id, "Loaves", type=FieldType.NUMBER)
    readers = create_list(workspace.id, ListSettings("Readers"))
    (tag,) = tags_named(workspace.id, ["vip"])
    message = _message(workspace)
    now = utcnow()
    things = {
        "workspace": workspace.id,
        "list": readers.id,
        "list_id": readers.public_id,
        "tag": tag.id,
        "tag_id": tag.public_id,
        "message": message.id,
        "now": now,
        "since": now - timedelta(days=_DAYS),
        "people": people,
        "mails": events // 2 // people,
        "events": events - events // 2,
    }
    db.session.commit()
    _fill(things)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return things


def _fill(things: dict[str, Any]) -> None:
    """Write everybody and what they did; indexes are built when all is there, which takes half as long."""
    # Neither triggers nor foreign keys: they are not what is measured.
    db.session.execute(text("SET session_replication_role = replica"))
    db.session.execute(text("SET maintenance_work_mem = '256MB'"))
    indexes = db.session.execute(text(_INDEXES)).all()
    for name, _ in indexes:
        db.session.execute(text(f"DROP INDEX {name}"))
    for statement in _FILL:
        query = text(statement)
        db.session.execute(query, {name: things[name] for name in query.compile().params})
    for _, definition in indexes:
        db.session.connection().exec_driver_sql(definition)
    db.session.commit()


def _message(workspace: Workspace) -> Message:
    message = Message(
        workspace_id=workspace.id,
        kind=MessageKind.CAMPAIGN,
        from_name="Ana",
        from_email="ana@example.com",
        subject="Bread",
        html="",
        text="",
        links=[],
    )
    db.session.add(message)
    db.session.flush()
    return message


#: Those that only make reading faster.
_INDEXES: Final = (
    "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE NOT indisunique"
    " AND indrelid IN ('subscribers'::regclass, 'subscriptions'::regclass, 'deliveries'::regclass,"
    " 'events'::regclass)"
)
_PERSON: Final = _ID.format(n="n", kind="s")
_SOME_PERSON: Final = _ID.format(n="who", kind="s")
_FILL: Final = (
    "INSERT INTO subscribers (id, created_at, updated_at, workspace_id, email, email_key, name, locale,"  # noqa: S608
    f" time_zone, fields) SELECT {_PERSON}, at, at, :workspace, email, email, 'Rosa Lima ' || n, 'pt-PT',"
    " 'Europe/Lisbon', jsonb_build_object('city', (ARRAY['Porto', 'Faro', 'Lisboa', 'Braga'])[n % 4 + 1],"
    " 'loaves', n % 100) FROM (SELECT n, CAST(:now AS timestamptz) - make_interval(days => n % 1000) AS at,"
    " 'reader' || n || CASE WHEN n % 5 = 0 THEN '@example.org' ELSE '@example.com' END AS email"
    " FROM generate_series(0, :people - 1) n) p",
    "INSERT INTO subscriptions (id, created_at, workspace_id, list_id, subscriber_id, status, started_at)"  # noqa: S608
    f" SELECT {_ID.format(n='n', kind='p')}, :now, :workspace, :list, {_PERSON}, 'active', :now"
    " FROM generate_series(0, :people - 1) n WHERE n % 3 <> 0",
    f"INSERT INTO subscriber_tags SELECT {_PERSON}, :tag"  # noqa: S608
    " FROM generate_series(0, :people - 1) n WHERE n % 7 = 0",
    "INSERT INTO suppressions (id, created_at, workspace_id, email_key, reason, detail)"
    " SELECT gen_random_uuid(), :now, :workspace, 'reader' || n || '@example.com', 'manual', ''"
    " FROM generate_series(1, :people - 1, 101) n",
    "INSERT INTO deliveries (id, created_at, workspace_id, message_id, campaign_id, subscriber_id, email,"  # noqa: S608
    " state, attempt, crash_count, reply, ended_at, human_opened_at)"
    f" SELECT {_ID.format(n='(n * :mails + c)', kind='d')}, at, :workspace, :message, md5('c' || c)::uuid,"
    f" {_PERSON}, '', 'accepted', 1,"
    " 0, '', at, CASE WHEN (n + c) % 9 = 0 AND n % 2 = 0 THEN at END FROM generate_series(0, :people - 1) n,"
    " LATERAL (SELECT c, CAST(:now AS timestamptz) - make_interval(days => c * 30) AS at"
    " FROM generate_series(1, :mails) c) m",
    "INSERT INTO events (id, created_at, workspace_id, subscriber_id, name, at, currency, properties)"  # noqa: S608
    f" SELECT {_ID.format(n='n', kind='e')}, :now, :workspace, {_SOME_PERSON},"
    " (ARRAY['order.placed', 'page.viewed', 'page.viewed', 'page.viewed', 'cart.filled'])[n % 5 + 1],"
    " CAST(:now AS timestamptz) - make_interval(hours => n % 10000), '', '{}'"
    " FROM (SELECT n, (hashint4(n)::bigint + 2147483648) % :people AS who"
    " FROM generate_series(1, :events) n) e",
)
