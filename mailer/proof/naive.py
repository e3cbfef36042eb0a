"""Mail as it is usually sent, to know what the engine is good for.

One job a message; each loads its row, renders the templates, builds an ``EmailMessage``
with a signed link for each click, hands it over by smtplib and commits. It is the message
that the campaigns send, with its HTML and its text. Nothing is done badly on purpose: CSS
is inlined before, templates are compiled once, each link is signed once, and each thread
keeps its connections.

Run as a program of its own it is a worker: ``python -m mailer.proof.naive DATABASE BROKER PORT``.
"""

import signal
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Final

import dramatiq
from itsdangerous import URLSafeSerializer
from jinja2 import Environment
from sqlalchemy import create_engine, select, text

from mailer.broker import broker_for
from mailer.delivery.models import Message, MessageKind
from mailer.proof.installation import BenchFailed, Installation
from mailer.proof.postfix import HOST, smtp_sink
from mailer.proof.product import ROOT
from mailer.rendering.language import LINK_URL, PIXEL_URL

MESSAGES: Final = 3_000
PROCESSES: Final = 2
THREADS: Final = 8
_QUEUE: Final = "naive"
_JOB: Final = "send_one"
_PATIENCE_SECONDS: Final = 300.0
_LAST_FROZEN: Final = (
    select(Message.subject, Message.html, Message.text, Message.links, Message.values.label("own_values"))
    .where(Message.kind == MessageKind.CAMPAIGN)
    .order_by(Message.id.desc())
    .limit(1)
)


def measure(bench: Installation, *, messages: int) -> float:
    """Send messages so, to the same sink, over the same broker and database; return the rate."""
    settings = bench.product.settings
    engine = create_engine(settings.database_url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE naive_deliveries (id INTEGER PRIMARY KEY, email TEXT, name TEXT, locale TEXT, "
                "time_zone TEXT, city TEXT, state TEXT, reply TEXT)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO naive_deliveries SELECT row_number() OVER (ORDER BY id), email, name, locale, "
                "time_zone, fields ->> 'city', 'waiting', '' FROM subscribers LIMIT :number"
            ),
            {"number": messages},
        )
    broker = broker_for(settings.broker_url)
    broker.declare_queue(_QUEUE)
    for number in range(1, messages + 1):
        broker.enqueue(dramatiq.Message(_QUEUE, _JOB, (number,), {}, {}))
    done = text("SELECT count(*) FROM naive_deliveries WHERE state <> 'waiting'")
    with smtp_sink(bench.smtp_port, expects=messages) as sink, _workers(bench):
        counted: list[tuple[float, int]] = []
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not counted or counted[-1][1] < messages:
            if time.monotonic() > deadline:
                raise BenchFailed(f"One job a message does not come to an end: {counted[-1][1]} sent.")
            time.sleep(0.05)
            with engine.connect() as connection:
                counted.append((time.monotonic(), connection.scalar(done) or 0))
        sink.require_all()
    broker.close()
    engine.dispose()
    # Its workers start one after the other: the speed of the middle is that of all of them.
    begin = next(each for each in counted if each[1] >= messages // 10)
    end = next(each for each in counted if each[1] >= messages * 9 // 10)
    return (end[1] - begin[1]) / (end[0] - begin[0])


@contextmanager
def _workers(bench: Installation) -> Iterator[None]:
    settings = bench.product.settings
    command = [
        sys.executable,
        "-m",
        __name__,
        settings.database_url,
        settings.broker_url,
        str(bench.smtp_port),
    ]
    running = [subprocess.Popen(command, cwd=ROOT, start_new_session=True) for _ in range(PROCESSES)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


class _Worker:
    def __init__(self, database_url: str, smtp_port: int) -> None:
        self._engine = create_engine(database_url, pool_size=THREADS)
        self._smtp_port = smtp_port
        self._of_thread = threading.local()
        with self._engine.connect() as connection:
            frozen = connection.execute(_LAST_FROZEN).one()
        self._html = Environment(autoescape=True).from_string(frozen.html)
        self._text = Environment(autoescape=False).from_string(frozen.text)  # noqa: S701  - not HTML
        self._subject = Environment(autoescape=False).from_string(frozen.subject)  # noqa: S701  - not HTML
        self._links, self._own_values = len(frozen.links), frozen.own_values
        self._signer = URLSafeSerializer("a key for the measurement alone")

    def send_one(self, number: int) -> None:
        """Send one message."""
        with self._engine.connect() as connection:
            query = text("SELECT * FROM naive_deliveries WHERE id = :id")
            row = connection.execute(query, {"id": number}).mappings().one()
        message = self._written(number, row)
        refused = self._connection().send_message(message)
        with self._engine.begin() as connection:
            change = text("UPDATE naive_deliveries SET state = 'accepted', reply = :reply WHERE id = :id")
            connection.execute(change, {"id": number, "reply": str(refused)})

    def _written(self, number: int, row: Any) -> EmailMessage:
        own = f"https://bakery.example/u/{self._signer.dumps(number)}"
        links = [
            f"https://bakery.example/c/{self._signer.dumps([number, place])}" for place in range(self._links)
        ]
        values = {
            **self._own_values,
            "subscriber": {**row, "fields": {"city": row["city"]}},
            "view_url": own,
            "preferences_url": own,
            "unsubscribe_url": own,
            LINK_URL: links.__getitem__,
            PIXEL_URL: f"{own}.gif",
        }
        message = EmailMessage()
        message["From"], message["To"] = "Ana <ana@example.com>", row["email"]
        message["Subject"] = self._subject.render(values)
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="example.com")
        message["List-Unsubscribe"] = f"<{own}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(self._text.render(values))
        message.add_alternative(self._html.render(values), subtype="html")
        return message

    def _connection(self) -> smtplib.SMTP:
        if not hasattr(self._of_thread, "connection"):
            self._of_thread.connection = smtplib.SMTP(HOST, self._smtp_port)
        connection: smtplib.SMTP = self._of_thread.connection
        return connection


def _work(database_url: str, broker_url: str, smtp_port: int) -> None:
    broker = broker_for(broker_url)
    dramatiq.set_broker(broker)
    dramatiq.actor(actor_name=_JOB, queue_name=_QUEUE)(_Worker(database_url, smtp_port).send_one)
    dramatiq.Worker(broker, queues={_QUEUE}, worker_threads=THREADS, worker_timeout=100).start()
    signal.pause()


if __name__ == "__main__":
    _work(sys.argv[1], sys.argv[2], int(sys.argv[3]))
