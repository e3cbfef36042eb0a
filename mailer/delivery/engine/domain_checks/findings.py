"""What the checks are given, and what they say: a subject, its keys, and findings of how it is."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

#: What there is to say when no answer came.
NOT_ASKED: Final = "The DNS could not be asked."


class CheckKind(StrEnum):
    """What is looked at, in the order of the page."""

    SPF = "spf"
    DKIM = "dkim"
    DMARC = "dmarc"
    RETURN_PATH = "return_path"
    PTR = "ptr"
    TRACKING = "tracking"
    MTA_STS = "mta_sts"
    TLS_RPT = "tls_rpt"
    BIMI = "bimi"

    @property
    def label(self) -> str:
        """What it is called in a sentence."""
        return _LABELS.get(self, self.name.replace("_", "-"))


_LABELS: Final = {
    CheckKind.RETURN_PATH: "Return path",
    CheckKind.TRACKING: "Links in mails",
    CheckKind.TLS_RPT: "TLS reports",
}


class Health(StrEnum):
    """What was found, the best first."""

    GOOD = "good"
    #: Good to have, and not there.
    OPTIONAL = "optional"
    WARN = "warn"
    BAD = "bad"
    #: Nobody could be asked, or it cannot be seen from here.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Key:
    """A DKIM key that signs or waits.

    :param problem: what its last look-up found wrong; empty when nothing was
    """

    record_name: str
    record_value: str
    problem: str
    is_active: bool


@dataclass(frozen=True)
class Subject:
    """What is known of a domain before anybody is asked.

    :param server: the host that takes our mail; empty while it stays on this machine
    :param return_path: the domain that bounces come back to; empty for the sender's own
    :param tracking_host: of the links in our mails, unless the domain has one of its own
    :param own_tracking_host: that one
    :param is_signing: whether we sign, rather than the server
    """

    domain: str
    server: str = ""
    return_path: str = ""
    tracking_host: str = ""
    own_tracking_host: str = ""
    keys: tuple[Key, ...] = ()
    is_signing: bool = True


@dataclass(frozen=True)
class Finding:
    """What one check came to."""

    kind: CheckKind
    health: Health
    found: str = ""
    advice: str = ""
    record: tuple[str, str, str] = field(default=("", "", ""))
