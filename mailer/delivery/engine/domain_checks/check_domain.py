"""What makes mail from a domain arrive: each record looked up, judged, and written out to be pasted.

Pure but for ``ask``, which is given: the resolver of this machine, or a test's zone.
What mailbox providers demand of bulk senders since 2024 comes first; what is only good
to have says so.
"""

from collections.abc import Iterator

from mailer.delivery.engine.domain_checks.authentication import check_dkim, check_dmarc, check_spf
from mailer.delivery.engine.domain_checks.findings import Finding, Subject
from mailer.delivery.engine.domain_checks.good_to_have import check_bimi, check_mta_sts, check_tls_rpt
from mailer.delivery.engine.domain_checks.hosts import check_ptr, check_return_path, check_tracking
from mailer.delivery.engine.spf import Ask


def check_domain(subject: Subject, ask: Ask) -> Iterator[Finding]:
    """Yield what is found of a domain, one finding a kind."""
    dmarc = check_dmarc(subject, ask)
    yield check_spf(subject, ask)
    yield check_dkim(subject)
    yield dmarc
    yield check_return_path(subject, ask)
    yield check_ptr(subject, ask)
    yield check_tracking(subject, ask)
    yield check_mta_sts(subject, ask)
    yield check_tls_rpt(subject, ask)
    yield check_bimi(subject, ask, dmarc)
