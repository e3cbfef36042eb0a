"""The hosts behind our mail: where it comes from, where bounces come back to, where links lead."""

from dns.reversename import from_address

from mailer.delivery.engine.domain_checks.findings import NOT_ASKED, CheckKind, Finding, Health, Subject
from mailer.delivery.engine.domain_checks.relays import include_of
from mailer.delivery.engine.spf import Ask, addresses_of


def check_return_path(subject: Subject, ask: Ask) -> Finding:
    """Judge whether bounces find their way back, and count for the domain."""
    if not subject.return_path:
        return Finding(
            CheckKind.RETURN_PATH,
            Health.OPTIONAL,
            advice="Bounces come back to the sender’s own address. With a domain of their own "
            "(Settings, Returns) each is matched to its mail for certain.",
        )
    answer = ask(subject.return_path, "MX")
    if not answer.is_authentic:
        return Finding(CheckKind.RETURN_PATH, Health.UNKNOWN, advice=NOT_ASKED)
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


def check_ptr(subject: Subject, ask: Ask) -> Finding:
    """Judge whether the sending server’s addresses have names that lead back to them."""
    if not subject.server:
        return Finding(
            CheckKind.PTR, Health.UNKNOWN, advice="Mail stays on this machine; there is no server yet."
        )
    if include_of(subject.server):
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


def check_tracking(subject: Subject, ask: Ask) -> Finding:
    """Judge where the links in mails lead."""
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
        return Finding(CheckKind.TRACKING, Health.UNKNOWN, host, NOT_ASKED)
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
        return Finding(CheckKind.TRACKING, Health.UNKNOWN, host, NOT_ASKED)
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


def _is_aligned(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
