"""Services that take our mail by SMTP, and send it on from addresses of their own."""

from typing import Final

#: By how their hosts end, what their customers' SPF includes.
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


def include_of(server: str) -> str:
    """Return what the SPF of such a service's customers includes; nothing for any other server."""
    host = server.lower().rstrip(".")
    return next((include for end, include in _INCLUDES.items() if host.endswith(end)), "")
