"""What a check found: how bad, what, why, where, and the edit that would mend it."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from mailer.rendering.checks.mends import Mend


class Severity(StrEnum):
    """What a finding means for sending."""

    #: It must not leave like this.
    ERROR = "error"
    #: It may be meant; whoever sends is asked.
    WARNING = "warning"
    #: Good to know.
    NOTICE = "notice"


@dataclass(frozen=True)
class Where:
    """The place that a finding is about.

    :param part: ``subject``, ``preheader``, ``body``, ``text``, or a field of the campaign such as ``lists``
    :param locale: the language whose words it is in; empty for a campaign's own
    :param block: the id of the block that it is in; empty in a mail that is not made of blocks
    :param path: from the root to the element
    :param quote: what stands there, as a reader or the source shows it
    """

    part: str = "body"
    block: str = ""
    path: str = ""
    quote: str = ""
    locale: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    :param check: its family and name, such as ``links.http``
    :param message: a sentence that names it
    :param why: what it does to a reader, and by which evidence
    :param mend: the edit that mends it, when a machine can
    """

    check: str
    severity: Severity
    message: str
    why: str
    where: Where = field(default_factory=Where)
    mend: Mend | None = None

    @property
    def key(self) -> str:
        """The same for the same finding, whenever it is looked for."""
        words = f"{self.check}\n{self.where.part}\n{self.where.path}\n{self.message}"
        return hashlib.sha256(words.encode()).hexdigest()[:12]


def unfinished(part: str, message: str) -> Finding:
    """Return what is found where something has to be written first."""
    return Finding(
        f"unfinished.{part}", Severity.ERROR, message, "Nothing can be sent without it.", Where(part)
    )
