"""What makes mail from a domain arrive: each record looked up, judged, and written out to be pasted.

Pure but for ``ask``, which is given: the resolver of this machine, or a test's zone.
What mailbox providers demand of bulk senders since 2024 comes first; what is only good
to have says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from dns.reversename import from_address

from mailer.delivery.engine.spf import MOST_LOOKUPS, Ask, addresses_of, read_spf


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


#: Services that take mail by SMTP, by how their hosts end, and what their customers' SPF includes.
_INCLUDES: Final = {
    "amazonaws.com": "amazonses.com",
    "brevo.com": "spf.brevo.com",
    "google.com": "_spf.google.com",
    "mailgun.org": "mailgun.org",
    "mailjet.com": "spf.mailjet.com",
    "outlook.com": "spf.protection.outlook.com",
    "office365.com": "spf.protection.outlook.com",
    "postmarkapp.com": "spf.mtasv.net",
    "sendgrid.net": "sendgrid.net",
    "sparkpostmail.com": "sparkpostmail.com",
}
_NOT_ASKED: Final = "The DNS could not be asked."


def check_domain(subject: Subject, ask: Ask) -> Iterator[Finding]:
    """Yield what is found of a domain, one finding a kind."""
    dmarc = _dmarc(subject, ask)
    yield _spf(subject, ask)
    yield _dkim(subject)
    yield dmarc
    yield _return_path(subject, ask)
    yield _ptr(subject, ask)
    yield _tracking(subject, ask)
    yield _mta_sts(subject, ask)
    yield _tls_rpt(subject, ask)
    yield _bimi(subject, ask, dmarc)


def _spf(subject: Subject, ask: Ask) -> Finding:
    # SPF is asked of the envelope's domain, which is the return path's.
    domain = subject.return_path or subject.domain
    include = _include_of(subject.server)
    addresses = addresses_of(subject.server, ask) if subject.server and not include else []
    reading = read_spf(domain, addresses, ask)
    wanted = _wanted_spf(include, addresses)
    record = (domain, "TXT", wanted)

    def finding(health: Health, advice: str, record: tuple[str, str, str] = ("", "", "")) -> Finding:
        return Finding(CheckKind.SPF, health, "\n".join(reading.records), advice, record)

    if reading.is_unanswered:
        return finding(Health.UNKNOWN, _NOT_ASKED)
    if not reading.records:
        return finding(Health.BAD, f"{domain} has no SPF record. Gmail and Yahoo ask for one.", record)
    if len(reading.records) > 1:
        return finding(
            Health.BAD, "There are several SPF records; receivers then ignore all of them. Keep one."
        )
    if reading.lookups > MOST_LOOKUPS:
        return finding(
            Health.BAD, f"It takes more than {MOST_LOOKUPS} look-ups, so receivers give up (RFC 7208 4.6.4)."
        )
    if include and include not in reading.included:
        advice = f"It does not include {include}, by which {subject.server} sends. Add that before the “all”."
        return finding(Health.BAD, advice, (domain, "TXT", _with_include(reading.record, include)))
    if not include and addresses and reading.result != "pass":
        advice = f"It does not name {subject.server} ({', '.join(addresses)}), which takes our mail."
        return finding(Health.WARN, f"{advice} If that server hands it on to another, that one counts.")
    if not subject.server:
        return finding(
            Health.GOOD, "Whether it names your server is seen once mail leaves by one; now it stays here."
        )
    return finding(Health.GOOD, f"{reading.lookups} of {MOST_LOOKUPS} look-ups.")


def _wanted_spf(include: str, addresses: list[str]) -> str:
    parts = (
        [f"include:{include}"] if include else [f"ip{6 if ':' in each else 4}:{each}" for each in addresses]
    )
    return " ".join(["v=spf1", *(parts or ["mx"]), "~all"])


def _with_include(record: str, include: str) -> str:
    first, _, rest = record.partition(" ")
    return f"{first} include:{include} {rest}".strip()


def _include_of(server: str) -> str:
    host = server.lower().rstrip(".")
    return next((include for end, include in _INCLUDES.items() if host.endswith(end)), "")


def _dkim(subject: Subject) -> Finding:
    if not subject.is_signing:
        return Finding(
            CheckKind.DKIM,
            Health.UNKNOWN,
            advice="Your mail server signs, so that its key cannot be known here. "
            "Send yourself a test and look for “dkim=pass”.",
        )
    active = [key for key in subject.keys if key.is_active]
    wrong = next((key for key in active or subject.keys if key.problem), None)
    if wrong is not None:
        record = (wrong.record_name, "TXT", wrong.record_value)
        return Finding(CheckKind.DKIM, Health.BAD, wrong.problem, "Publish this record.", record)
    if not active:
        waiting = next(iter(subject.keys), None)
        record = (waiting.record_name, "TXT", waiting.record_value) if waiting else ("", "", "")
        return Finding(
            CheckKind.DKIM, Health.BAD, advice="Nothing signs yet: publish this record.", record=record
        )
    return Finding(CheckKind.DKIM, Health.GOOD, "\n".join(key.record_name for key in active))


def _dmarc(subject: Subject, ask: Ask) -> Finding:
    name, texts, is_asked = _dmarc_record(subject.domain, ask)
    wanted = (f"_dmarc.{subject.domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:dmarc@{subject.domain}")
    if not is_asked:
        return Finding(CheckKind.DMARC, Health.UNKNOWN, advice=_NOT_ASKED)
    if not texts:
        advice = f"There is no DMARC record for {subject.domain} or above it. Gmail and Yahoo ask for one."
        return Finding(CheckKind.DMARC, Health.BAD, advice=advice, record=wanted)
    if len(texts) > 1:
        return Finding(
            CheckKind.DMARC, Health.BAD, "\n".join(texts), "Several records count as none. Keep one."
        )
    tags = tags_in(texts[0])
    policy = tags.get("p", "").lower()
    found = f"{name}: {texts[0]}"
    if policy not in ("none", "quarantine", "reject"):
        return Finding(CheckKind.DMARC, Health.BAD, found, "Its policy (p=) cannot be understood.", wanted)
    if "rua" not in tags:
        advice = "It names nobody to report to (rua=), so that you never learn who sends in your name."
        return Finding(CheckKind.DMARC, Health.WARN, found, advice, wanted)
    if policy == "none":
        advice = "It only watches (p=none). Once the reports show that your own mail passes, ask for more."
        stricter = texts[0].replace("p=none", "p=quarantine")
        return Finding(CheckKind.DMARC, Health.GOOD, found, advice, (name, "TXT", stricter))
    return Finding(CheckKind.DMARC, Health.GOOD, found, f"Forgeries are to be {_DONE[policy]}.")


_DONE: Final = {"quarantine": "hidden", "reject": "refused"}


def _dmarc_record(domain: str, ask: Ask) -> tuple[str, list[str], bool]:
    """Return where a domain's DMARC record is and what it says: at it or above (RFC 9989, tree walk)."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        name = "_dmarc." + ".".join(labels[start:])
        answer = ask(name, "TXT")
        if not answer.is_authentic:
            return name, [], False
        found = [text for text in answer.texts if text.replace(" ", "").lower().startswith("v=dmarc1")]
        if found:
            return name, found, True
    return "", [], True


def tags_in(record: str) -> dict[str, str]:
    """Return the tags of a record such as DMARC's, by name in lower case."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, sign, value in pairs if sign}


def _return_path(subject: Subject, ask: Ask) -> Finding:
    if not subject.return_path:
        return Finding(
            CheckKind.RETURN_PATH,
            Health.OPTIONAL,
            advice="Bounces come back to the sender’s own address. With a domain of their own "
            "(Settings, Returns) each is matched to its mail for certain.",
        )
    answer = ask(subject.return_path, "MX")
    if not answer.is_authentic:
        return Finding(CheckKind.RETURN_PATH, Health.UNKNOWN, advice=_NOT_ASKED)
    if not answer.texts:
        return Finding(
            CheckKind.RETURN_PATH,
            Health.BAD,
            subject.return_path,
            f"{subject.return_path} has no MX record, so nothing can come back to it.",
            (subject.return_path, "MX", f"10 mail.{subject.domain}"),
        )
    found = f"{subject.return_path}: {', '.join(answer.texts)}"
    if not _is_aligned(subject.return_path, subject.domain):
        return Finding(
            CheckKind.RETURN_PATH,
            Health.WARN,
            found,
            f"It is not below {subject.domain}, so SPF does not count for DMARC; the signature has to.",
        )
    return Finding(CheckKind.RETURN_PATH, Health.GOOD, found)


def _is_aligned(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _ptr(subject: Subject, ask: Ask) -> Finding:
    if not subject.server:
        return Finding(
            CheckKind.PTR, Health.UNKNOWN, advice="Mail stays on this machine; there is no server yet."
        )
    if _include_of(subject.server):
        return Finding(
            CheckKind.PTR, Health.GOOD, subject.server, "A service that looks after its own addresses."
        )
    addresses = addresses_of(subject.server, ask)
    if not addresses:
        return Finding(
            CheckKind.PTR,
            Health.UNKNOWN,
            advice=f"{subject.server} has no address that can be seen from here.",
        )
    for address in addresses:
        names = ask(from_address(address).to_text(omit_final_dot=True), "PTR").texts
        if not names:
            return Finding(
                CheckKind.PTR,
                Health.WARN,
                address,
                f"{address} has no name (PTR). Gmail refuses such servers. Whoever rents it out sets it.",
            )
        if not any(address in addresses_of(name, ask) for name in names):
            return Finding(
                CheckKind.PTR,
                Health.WARN,
                f"{address} is called {names[0]}",
                f"But {names[0]} does not lead back to {address}; receivers want both.",
            )
    return Finding(CheckKind.PTR, Health.GOOD, ", ".join(addresses))


def _tracking(subject: Subject, ask: Ask) -> Finding:
    if subject.own_tracking_host:
        return _own_tracking(subject, ask)
    host = subject.tracking_host
    if not host or host == "localhost" or host.replace(".", "").isdigit():
        return Finding(
            CheckKind.TRACKING,
            Health.WARN,
            host,
            "Links in your mails lead to this machine; nobody else gets there.",
        )
    answer = ask(host, "A")
    if not answer.is_authentic:
        return Finding(CheckKind.TRACKING, Health.UNKNOWN, host, _NOT_ASKED)
    if not answer.texts and not ask(host, "AAAA").texts:
        return Finding(CheckKind.TRACKING, Health.BAD, host, f"{host}, where links lead, has no address.")
    if not _is_aligned(host.partition(".")[2] or host, subject.domain) and not _is_aligned(
        host, subject.domain
    ):
        return Finding(
            CheckKind.TRACKING,
            Health.OPTIONAL,
            host,
            f"Links lead to another domain than {subject.domain}; filters like them to be of the same one.",
        )
    return Finding(CheckKind.TRACKING, Health.GOOD, host)


def _own_tracking(subject: Subject, ask: Ask) -> Finding:
    """Judge a host of the domain's own by whether it leads to where this Mailer is."""
    host, ours = subject.own_tracking_host, subject.tracking_host
    record = (host, "CNAME", ours)
    answer = ask(host, "A")
    if not answer.is_authentic:
        return Finding(CheckKind.TRACKING, Health.UNKNOWN, host, _NOT_ASKED)
    there = [*answer.texts, *ask(host, "AAAA").texts]
    if not there:
        advice = f"{host} has no address. Until it leads here, links are of {ours}."
        return Finding(CheckKind.TRACKING, Health.BAD, host, advice, record)
    found = f"{host}: {', '.join(there)}"
    if not set(there) & set(addresses_of(ours, ask)):
        advice = f"It leads elsewhere than {ours}. Until it leads here, links are of {ours}."
        return Finding(CheckKind.TRACKING, Health.BAD, found, advice, record)
    if not _is_aligned(host, subject.domain):
        advice = f"It is not below {subject.domain}; filters like links to be of the sender’s own domain."
        return Finding(CheckKind.TRACKING, Health.OPTIONAL, found, advice)
    return Finding(CheckKind.TRACKING, Health.GOOD, found)


def _mta_sts(subject: Subject, ask: Ask) -> Finding:
    return _optional(
        CheckKind.MTA_STS,
        f"_mta-sts.{subject.domain}",
        "v=stsv1",
        ask,
        "Tells others to send you mail over TLS alone (RFC 8461). It does nothing for what you send; "
        "its policy file cannot be seen by the DNS.",
    )


def _tls_rpt(subject: Subject, ask: Ask) -> Finding:
    return _optional(
        CheckKind.TLS_RPT,
        f"_smtp._tls.{subject.domain}",
        "v=tlsrptv1",
        ask,
        "Reports when mail to you could not be encrypted (RFC 8460).",
        f"v=TLSRPTv1; rua=mailto:tls@{subject.domain}",
    )


def _bimi(subject: Subject, ask: Ask, dmarc: Finding) -> Finding:
    found = _optional(
        CheckKind.BIMI,
        f"default._bimi.{subject.domain}",
        "v=bimi1",
        ask,
        "Shows your logo beside your mail at some providers. It takes a DMARC policy of quarantine "
        "or reject, and for most of them a certificate.",
    )
    is_strict = "p=quarantine" in dmarc.found or "p=reject" in dmarc.found
    if found.health is Health.GOOD and not is_strict:
        return Finding(
            CheckKind.BIMI, Health.WARN, found.found, "It needs a DMARC policy of quarantine or reject."
        )
    return found


def _optional(kind: CheckKind, name: str, version: str, ask: Ask, what_for: str, wanted: str = "") -> Finding:
    answer = ask(name, "TXT")
    found = [text for text in answer.texts if text.replace(" ", "").lower().startswith(version)]
    if found:
        return Finding(kind, Health.GOOD, f"{name}: {found[0]}")
    if not answer.is_authentic:
        return Finding(kind, Health.UNKNOWN, advice=_NOT_ASKED)
    return Finding(
        kind, Health.OPTIONAL, advice=what_for, record=(name, "TXT", wanted) if wanted else ("", "", "")
    )
