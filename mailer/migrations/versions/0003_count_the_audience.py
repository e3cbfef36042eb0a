"""Let the database count the audience by day, so that no page has to."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# A row's trigger is the only kind that SQLite has. Rows of a list or workspace that is
# itself being deleted are not counted: their days go with it.
_SQLITE_COUNT = """
    INSERT INTO list_days (list_id, day, joined, departed, pending, unsubscribed)
    SELECT {row}.list_id, {day}, {joined}, {departed}, {pending}, {unsubscribed}
    WHERE {when} AND EXISTS (SELECT 1 FROM mailing_lists WHERE id = {row}.list_id)
    ON CONFLICT (list_id, day) DO UPDATE SET
        joined = joined + excluded.joined, departed = departed + excluded.departed,
        pending = pending + excluded.pending, unsubscribed = unsubscribed + excluded.unsubscribed;
"""


def _count(row: str, day: str, when: str, **changes: str) -> str:
    zeros = dict.fromkeys(("joined", "departed", "pending", "unsubscribed"), "0")
    return _SQLITE_COUNT.format(row=row, day=day, when=when, **{**zeros, **changes})


_STARTED = "date(NEW.started_at)"
SQLITE = (
    "CREATE TRIGGER subscriptions_count_new AFTER INSERT ON subscriptions BEGIN"
    + _count("NEW", _STARTED, "NEW.started_at IS NOT NULL AND NEW.status <> 'pending'", joined="1")
    + _count("NEW", "date(NEW.created_at)", "NEW.status = 'pending'", pending="1")
    + _count(
        "NEW",
        "date(NEW.ended_at)",
        "NEW.status = 'unsubscribed'",
        departed="NEW.started_at IS NOT NULL",
        unsubscribed="1",
    )
    + "END",
    "CREATE TRIGGER subscriptions_count_changed AFTER UPDATE OF status ON subscriptions"
    " WHEN OLD.status <> NEW.status BEGIN"
    + _count(
        "NEW",
        "date(CASE NEW.status WHEN 'active' THEN NEW.started_at WHEN 'unsubscribed' THEN NEW.ended_at"
        " ELSE 'now' END)",
        "1",
        joined="NEW.status = 'active'",
        departed="OLD.status = 'active'",
        pending="(NEW.status = 'pending') - (OLD.status = 'pending')",
        unsubscribed="(NEW.status = 'unsubscribed') - (OLD.status = 'unsubscribed')",
    )
    + "END",
    "CREATE TRIGGER subscriptions_count_erased AFTER DELETE ON subscriptions BEGIN"
    + _count(
        "OLD",
        "date('now')",
        "1",
        departed="OLD.status = 'active'",
        pending="-(OLD.status = 'pending')",
        unsubscribed="-(OLD.status = 'unsubscribed')",
    )
    + "END",
    """CREATE TRIGGER subscribers_count_new AFTER INSERT ON subscribers BEGIN
        INSERT INTO audience_days (workspace_id, day, added, erased)
        VALUES (NEW.workspace_id, date(NEW.created_at), 1, 0)
        ON CONFLICT (workspace_id, day) DO UPDATE SET added = added + 1;
    END""",
    """CREATE TRIGGER subscribers_count_erased AFTER DELETE ON subscribers BEGIN
        INSERT INTO audience_days (workspace_id, day, added, erased)
        SELECT OLD.workspace_id, date('now'), 0, 1
        WHERE EXISTS (SELECT 1 FROM workspaces WHERE id = OLD.workspace_id)
        ON CONFLICT (workspace_id, day) DO UPDATE SET erased = erased + 1;
    END""",
)

# One statement counts all of its rows at once; in the order of the key, so that two
# statements never wait for each other in a circle.
_COUNT_CHANGES = """
    INSERT INTO list_days AS days (list_id, day, joined, departed, pending, unsubscribed)
    SELECT list_id, day, sum(joined), sum(departed), sum(pending), sum(unsubscribed)
    FROM ({changes}) AS change
    WHERE EXISTS (SELECT 1 FROM mailing_lists WHERE id = list_id)
    GROUP BY list_id, day ORDER BY list_id, day
    ON CONFLICT (list_id, day) DO UPDATE SET
        joined = days.joined + excluded.joined, departed = days.departed + excluded.departed,
        pending = days.pending + excluded.pending, unsubscribed = days.unsubscribed + excluded.unsubscribed;
"""
_NEW = """
    SELECT list_id, (started_at AT TIME ZONE 'UTC')::date AS day,
        1 AS joined, 0 AS departed, 0 AS pending, 0 AS unsubscribed
    FROM after_rows WHERE started_at IS NOT NULL AND status <> 'pending'
    UNION ALL
    SELECT list_id, (created_at AT TIME ZONE 'UTC')::date, 0, 0, 1, 0 FROM after_rows WHERE status = 'pending'
    UNION ALL
    SELECT list_id, (ended_at AT TIME ZONE 'UTC')::date, 0, (started_at IS NOT NULL)::int, 0, 1
    FROM after_rows WHERE status = 'unsubscribed'
"""
_CHANGED_ROWS = """
    SELECT a.list_id,
        (CASE a.status WHEN 'active' THEN a.started_at WHEN 'unsubscribed' THEN a.ended_at ELSE now() END
            AT TIME ZONE 'UTC')::date AS day,
        (a.status = 'active')::int AS joined, (b.status = 'active')::int AS departed,
        (a.status = 'pending')::int - (b.status = 'pending')::int AS pending,
        (a.status = 'unsubscribed')::int - (b.status = 'unsubscribed')::int AS unsubscribed
    FROM after_rows a JOIN before_rows b ON b.id = a.id WHERE a.status <> b.status
"""
_ERASED = """
    SELECT list_id, (now() AT TIME ZONE 'UTC')::date AS day, 0 AS joined, (status = 'active')::int AS departed,
        -(status = 'pending')::int AS pending, -(status = 'unsubscribed')::int AS unsubscribed
    FROM before_rows
"""
_COUNT_PEOPLE = """
    INSERT INTO audience_days AS days (workspace_id, day, added, erased)
    SELECT workspace_id, {day}, {added}, {erased} FROM {rows} AS changed
    WHERE EXISTS (SELECT 1 FROM workspaces WHERE id = workspace_id)
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (workspace_id, day) DO UPDATE SET
        added = days.added + excluded.added, erased = days.erased + excluded.erased;
"""


def _statement_trigger(name: str, table: str, event: str, body: str) -> tuple[str, str]:
    tables = {
        "INSERT": "NEW TABLE AS after_rows",
        "UPDATE": "OLD TABLE AS before_rows NEW TABLE AS after_rows",
        "DELETE": "OLD TABLE AS before_rows",
    }[event]
    return (
        f"CREATE FUNCTION mailer_{name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {body} RETURN NULL; END $$",
        f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {tables}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION mailer_{name}()",
    )


TRIGGERS = {
    "subscriptions_count_new": ("subscriptions", "INSERT", _COUNT_CHANGES.format(changes=_NEW)),
    "subscriptions_count_changed": ("subscriptions", "UPDATE", _COUNT_CHANGES.format(changes=_CHANGED_ROWS)),
    "subscriptions_count_erased": ("subscriptions", "DELETE", _COUNT_CHANGES.format(changes=_ERASED)),
    "subscribers_count_new": (
        "subscribers",
        "INSERT",
        _COUNT_PEOPLE.format(
            day="(created_at AT TIME ZONE 'UTC')::date", added="count(*)", erased="0", rows="after_rows"
        ),
    ),
    "subscribers_count_erased": (
        "subscribers",
        "DELETE",
        _COUNT_PEOPLE.format(
            day="(now() AT TIME ZONE 'UTC')::date", added="0", erased="count(*)", rows="before_rows"
        ),
    ),
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
        return
    for name, (table, event, body) in TRIGGERS.items():
        for statement in _statement_trigger(name, table, event, body):
            op.execute(statement)


def downgrade() -> None:
    for name, (table, _, _) in TRIGGERS.items():
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER {name}")
        else:
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION mailer_{name}()")
