"""How long PostgreSQL is waited for when it neither answers nor refuses.

A server that is stopped or out of reach behind a network that swallows packets says nothing
at all, and libpq waits for it for ever. To connect may take some seconds, and a line on which
nothing is heard is dead within half a minute, in every process. Those that somebody waits
for wait no longer than :func:`answer_in_time` lets them, but for what they do :func:`patiently`;
workers and commands may have statements that take minutes.

Nothing of this is asked of the server, as ``statement_timeout`` would be: one that hangs
does not look at its clock, and poolers refuse settings that a connection begins with. What
an operator wrote into ``MAILER_DATABASE_URL`` goes first.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Final

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.engine import Dialect, Engine

#: Clients of HTTP and proxies give up after 30 seconds by themselves, and learn nothing then.
_ANSWER_SECONDS: Final = 20.0
#: For what is done to every subscriber, or to everybody of a campaign.
_PATIENT_SECONDS: Final = 600.0
_CANCEL_SECONDS: Final = 1.0
#: libpq's own would be to wait as long as the kernel does: two minutes to connect, two hours to notice.
_OF_LINES: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_is_patient: Final = ContextVar("is_patient", default=False)


class PatientConnection(psycopg.Connection[Any]):
    """A connection that gives a statement up which is not answered in time.

    :cvar seconds: how long a statement may take in this process; for ever if None
    """

    seconds: ClassVar[float | None] = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for an answer.

        :raises psycopg.OperationalError: there was none; the connection is closed by then
        """
        try:
            return super().wait(gen, interval, timeout or self._longest())
        except psycopg.OperationalError as error:
            is_told = error.sqlstate is not None
            if is_told or self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                raise
            self._give_up()
            raise psycopg.OperationalError("The server did not answer in time.") from error

    def _longest(self) -> float | None:
        return _PATIENT_SECONDS if self.seconds and _is_patient.get() else self.seconds

    def _give_up(self) -> None:
        """Let go of a statement whose answer nobody reads any more, and have a slow server do the same."""
        try:
            self.cancel_safe(timeout=_CANCEL_SECONDS)
        except psycopg.Error:
            pass
        finally:
            self.close()


def answer_in_time(seconds: float = _ANSWER_SECONDS) -> None:
    """Let no statement of this process take longer: somebody waits for what comes of it."""
    PatientConnection.seconds = seconds


@contextmanager
def patiently() -> Iterator[None]:
    """Let statements take minutes, for what touches a million rows though somebody waits for it."""
    before = _is_patient.set(True)
    try:
        yield
    finally:
        _is_patient.reset(before)


@event.listens_for(Engine, "do_connect")
def _connect(
    dialect: Dialect, record: Any, given: Sequence[Any], options: dict[str, Any]
) -> PatientConnection | None:
    if dialect.name != "postgresql":
        return None
    return PatientConnection.connect(*given, **{**_OF_LINES, **options})
