"""Records that are only good to have: mail arrives without them."""

from mailer.delivery.engine.domain_checks.findings import NOT_ASKED, CheckKind, Finding, Health, Subject
from mailer.delivery.engine.spf import Ask


def check_mta_sts(subject: Subject, ask: Ask) -> Finding:
    """Look for a policy that mail to the domain travels over TLS alone."""
    return _optional(
        CheckKind.MTA_STS,
        f"_mta-sts.{subject.domain}",
        "v=stsv1",
        ask,
        "Tells others to send you mail over TLS alone (RFC 8461). It does nothing for what you send; "
        "its policy file cannot be seen by the DNS.",
    )


def check_tls_rpt(subject: Subject, ask: Ask) -> Finding:
    """Look for an address to which failures of TLS are reported."""
    return _optional(
        CheckKind.TLS_RPT,
        f"_smtp._tls.{subject.domain}",
        "v=tlsrptv1",
        ask,
        "Reports when mail to you could not be encrypted (RFC 8460).",
        f"v=TLSRPTv1; rua=mailto:tls@{subject.domain}",
    )


def check_bimi(subject: Subject, ask: Ask, dmarc: Finding) -> Finding:
    """Look for a logo, and whether the policy is strict enough for it to be shown."""
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
        return Finding(kind, Health.UNKNOWN, advice=NOT_ASKED)
    return Finding(
        kind, Health.OPTIONAL, advice=what_for, record=(name, "TXT", wanted) if wanted else ("", "", "")
    )
