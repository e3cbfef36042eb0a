"""CHECKs are spelled out on SQLite, and check the same."""

import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from mailer.db import db
from mailer.runtime.sqlite_checks import spell_out_checks, spelled_out
from tests import factories


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("CHECK (kind IN ('a', 'b'))", "CHECK ((kind = 'a' OR kind = 'b'))"),
        ("CHECK (\"order\" IN ('a'))", "CHECK ((\"order\" = 'a'))"),
        ("CHECK ((a IN ('x','y')) = (b IS NULL))", "CHECK (((a = 'x' OR a = 'y')) = (b IS NULL))"),
        ("CHECK (word IN ('it''s', ', (', ''))", "CHECK ((word = 'it''s' OR word = ', (' OR word = ''))"),
        ("CHECK (a IN ('x') OR b IN ('y'))", "CHECK ((a = 'x') OR (b = 'y'))"),
        # Nothing else is touched.
        ("CHECK (a NOT IN ('x'))", "CHECK (a NOT IN ('x'))"),
        ("CHECK (a IN (1, 2))", "CHECK (a IN (1, 2))"),
        ("CHECK (a IN (SELECT b FROM c))", "CHECK (a IN (SELECT b FROM c))"),
    ],
)
def test_a_list_of_texts_is_spelled_out(written, spelled):
    assert spelled_out(written) == spelled
    assert spelled_out(spelled) == spelled


@pytest.fixture
def tables(tmp_path):
    driver = sqlite3.connect(tmp_path / "some.sqlite", isolation_level=None)
    driver.execute("CREATE TABLE jars (lid TEXT CONSTRAINT ck_lid CHECK (lid IN ('red', 'blue')))")
    driver.execute("INSERT INTO jars VALUES ('red')")
    yield driver
    driver.close()


def test_who_has_read_the_tables_before_checks_the_same_afterwards(tables, tmp_path):
    other = sqlite3.connect(tmp_path / "some.sqlite", isolation_level=None)
    other.execute("INSERT INTO jars VALUES (NULL)")

    spell_out_checks(tables)
    spell_out_checks(tables)

    for driver in (tables, other):
        assert "IN (" not in driver.execute("SELECT sql FROM sqlite_master").fetchone()[0]
        driver.execute("INSERT INTO jars VALUES ('blue')")
        with pytest.raises(sqlite3.IntegrityError, match="ck_lid"):
            driver.execute("INSERT INTO jars VALUES ('green')")
        assert driver.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        with pytest.raises(sqlite3.OperationalError):
            driver.execute("UPDATE sqlite_master SET sql = ''")
    other.close()


class Defensive(sqlite3.Connection):
    """As Apple's SQLite is: nobody writes to the schema."""

    def executemany(self, *asked):
        raise sqlite3.OperationalError("table sqlite_master may not be modified")


def test_where_nobody_may_write_to_the_schema_it_stays_as_it_is(tables, tmp_path):
    before = tables.execute("SELECT sql FROM sqlite_master").fetchall()
    driver = sqlite3.connect(tmp_path / "some.sqlite", isolation_level=None, factory=Defensive)

    spell_out_checks(driver)

    assert driver.execute("SELECT sql FROM sqlite_master").fetchall() == before
    tables.execute("INSERT INTO jars VALUES ('blue')")
    driver.close()


def test_tables_of_ours_are_spelled_out_and_checked(workspace):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads such a list once.")
    tables = db.session.execute(text("SELECT sql FROM sqlite_master WHERE type = 'table'")).scalars()
    assert [sql for sql in tables if " IN ('" in sql] == []

    factories.subscription(factories.subscriber(workspace), factories.mailing_list(workspace))
    db.session.flush()
    with pytest.raises(IntegrityError, match="ck_subscriptions"):
        db.session.execute(text("UPDATE subscriptions SET status = 'asleep'"))
