"""Keeping caught mails."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailer.catcher.store import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def catch(store: Store, subject: str = "Hello", to: str = "ben@example.com") -> int:
    source = f"From: Ana <ana@example.com>\r\nSubject: {subject}\r\n\r\nHi\r\n".encode()
    return store.add("ana@example.com", [to], source, now=NOON)


def subjects(store: Store, **narrowed: object) -> list[str]:
    return [mail.subject for mail in store.newest(**narrowed)]  # type: ignore[arg-type]


def test_a_mail_is_kept_byte_for_byte(store):
    source = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\n\xff\x00.\r\n"

    number = store.add("a@example.com", ["b@example.com", "c@example.com"], source, now=NOON)

    mail, kept = store.get(number)
    assert kept == source
    assert (mail.subject, mail.envelope_to) == ("Grüße", ("b@example.com", "c@example.com"))
    assert (mail.received_at, mail.size_bytes) == (NOON, len(source))


def test_newest_come_first_and_pages_follow_each_other(store):
    numbers = [catch(store, str(n)) for n in range(5)]

    assert subjects(store, limit=2) == ["4", "3"]
    assert subjects(store, below=numbers[3], limit=2) == ["2", "1"]
    assert subjects(store, above=numbers[0], limit=2) == ["2", "1"]


@pytest.mark.parametrize("search", ["loaf", "LOAF", "cleo@", "ana"])
def test_search_looks_at_subject_sender_and_recipients(store, search):
    catch(store, "Sunday loaf", to="cleo@example.com")

    assert subjects(store, search=search) == ["Sunday loaf"]


@pytest.mark.parametrize("search", ["100%", "_", "\\", "'"])
def test_search_takes_every_character_as_it_is(store, search):
    catch(store, "plain")

    assert subjects(store, search=search) == []


def test_the_oldest_make_room(tmp_path):
    store = Store(tmp_path, kept=100)

    for n in range(500):
        catch(store, str(n))

    assert store.count() == 100
    assert store.newest(limit=1)[0].subject == "499"


def test_broken_headers_are_shown_as_they_are(store):
    number = store.add("a@example.com", ["b@example.com"], b"Subject: =?nonsense?q?x?=\r\n\r\n", now=NOON)

    assert store.get(number)[0].subject == "=?nonsense?q?x?="


def test_throwing_all_away_uses_no_number_again(store):
    last = catch(store)

    store.delete_all()

    assert store.count() == 0
    assert catch(store) > last


def test_reading_and_catching_do_not_get_in_each_others_way(tmp_path, store):
    def read() -> None:
        reader = Store(tmp_path)
        for _ in range(50):
            reader.newest()

    reading = threading.Thread(target=read)
    reading.start()
    for n in range(200):
        catch(store, str(n))
    reading.join()

    assert store.count() == 200
