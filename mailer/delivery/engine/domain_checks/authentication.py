"""Whether receivers can tell that mail is the domain’s: SPF, DKIM and DMARC, which Gmail and Yahoo demand."""

from typing import Final

from mailer.delivery.engine.domain_checks.findings import NOT_ASKED, CheckKind, Finding, Health, Subject
from mailer.delivery.engine.domain_checks.relays import include_of
from mailer.delivery.engine.spf import MOST_LOOKUPS, Ask, addresses_of, read_spf

#: What becomes of a forgery, by the policy of DMARC.
_DONE: Final = {"quarantine": "hidden", "reject": "refused"}


def check_spf(subject: Subject, ask: Ask) -> Finding:
    """Judge whether the envelope’s domain names the server that sends."""
    # SPF is asked of the envelope's domain, which is the return path's.
    domain = subject.return_path or subject.domain
    include = include_of(subject.server)
    addresses = addresses_of(subject.server, ask) if subject.server and not include else []
    reading = read_spf(domain, addresses, ask)
    wanted = _wanted_spf(include, addresses)
    record = (domain, "TXT", wanted)

    def finding(health: Health, advice: str, record: tuple[str, str, str] = ("", "", "")) -> Finding:
        return Finding(CheckKind.SPF, health, "\n".join(reading.records), advice, record)

    if reading.is_unanswered:
        return finding(Health.UNKNOWN, NOT_ASKED)
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


def check_dkim(subject: Subject) -> Finding:
    """Judge whether a key signs, and whether it is published."""
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


def check_dmarc(subject: Subject, ask: Ask) -> Finding:
    """Judge the policy of the domain, or of the nearest above it that has one."""
    name, texts, is_asked = _dmarc_record(subject.domain, ask)
    wanted = (f"_dmarc.{subject.domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:dmarc@{subject.domain}")
    if not is_asked:
        return Finding(CheckKind.DMARC, Health.UNKNOWN, advice=NOT_ASKED)
    if not texts:
        advice = f"There is no DMARC record for {subject.domain} or above it. Gmail and Yahoo ask for one."
        return Finding(CheckKind.DMARC, Health.BAD, advice=advice, record=wanted)
    if len(texts) > 1:
        return Finding(
            CheckKind.DMARC, Health.BAD, "\n".join(texts), "Several records count as none. Keep one."
        )
    tags = _tags_in(texts[0])
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


def _tags_in(record: str) -> dict[str, str]:
    """Return the tags of a record such as DMARC's, by name in lower case."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, sign, value in pairs if sign}
