"""Whether mailbox providers can tell that a campaign comes from whom it says."""

from collections.abc import Iterator
from typing import Final

from mailer.campaigns.models import Campaign
from mailer.current import settings
from mailer.delivery.models import KeyState
from mailer.delivery.queries import sending_domains_of
from mailer.lib.addresses import ascii_domain
from mailer.rendering.checks.findings import Finding, Severity, Where

#: Their owners publish DMARC policies that no other server's mail can meet.
_FREE_MAIL: Final = frozenset(
    {
        *("gmail.com", "googlemail.com", "yahoo.com", "ymail.com", "aol.com", "outlook.com", "hotmail.com"),
        *("live.com", "msn.com", "icloud.com", "me.com", "mac.com", "gmx.de", "gmx.net", "gmx.com", "web.de"),
        *("t-online.de", "proton.me", "protonmail.com", "mail.ru", "yandex.ru", "orange.fr", "libero.it"),
    }
)


def look(campaign: Campaign) -> Iterator[Finding]:
    """Yield what is found about whom a campaign is from."""
    if not campaign.from_email or "@" not in campaign.from_email:
        return
    domain = ascii_domain(campaign.from_email).rpartition("@")[2].lower()
    where = Where("from_email", quote=campaign.from_email)
    if domain in _FREE_MAIL:
        yield Finding(
            "sender.free-mail",
            Severity.WARNING,
            f"The mail says that it is from {domain}, which only {domain} itself may send.",
            "Its DMARC policy tells everybody to refuse or hide it; use an address of your own domain.",
            where,
        )
        return
    known = [
        one
        for one in sending_domains_of(campaign.workspace)
        if domain == one.domain or domain.endswith(f".{one.domain}")
    ]
    # While mail stays on this machine nobody asks for signatures.
    severity = Severity.NOTICE if settings().is_catching else Severity.WARNING
    if not known:
        yield Finding(
            "sender.unsigned",
            severity,
            f"Mail from {domain} is not signed here.",
            "Gmail, Yahoo and Outlook.com refuse bulk mail whose DKIM signature is not of the From domain. "
            "Add the domain in the settings, unless your mail server signs it.",
            where,
        )
    elif all(one.is_signing and not one.keys_in(KeyState.ACTIVE) for one in known):
        yield Finding(
            "sender.no-key",
            severity,
            f"The DKIM record of {known[0].domain} has not been seen in the DNS yet.",
            "Until it is, mail leaves unsigned, and Gmail, Yahoo and Outlook.com refuse bulk mail like that.",
            where,
        )
