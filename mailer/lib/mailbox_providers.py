"""Who keeps the mailboxes of an address: what figures are split by, and reputations are kept with."""

from typing import Final

#: By the domains of their mailboxes; companies' own domains at them cannot be told without the DNS.
_DOMAINS: Final = {
    "Gmail": ("gmail.com", "googlemail.com"),
    "Outlook": (
        *("outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.de", "outlook.fr", "hotmail.co.uk"),
        *("hotmail.fr", "hotmail.de", "hotmail.it", "hotmail.es", "live.co.uk", "live.fr", "live.nl"),
    ),
    "Yahoo": (
        *("yahoo.com", "ymail.com", "rocketmail.com", "aol.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de"),
        *("yahoo.it", "yahoo.es", "yahoo.ca", "yahoo.co.in", "yahoo.com.br", "yahoo.co.jp"),
    ),
    "iCloud": ("icloud.com", "me.com", "mac.com"),
    "GMX and WEB.DE": ("gmx.net", "gmx.de", "gmx.at", "gmx.ch", "gmx.com", "web.de"),
    "Proton": ("proton.me", "protonmail.com", "pm.me"),
    "Telekom": ("t-online.de", "magenta.de"),
    "Orange": ("orange.fr", "wanadoo.fr"),
    "Free": ("free.fr",),
    "Mail.ru": ("mail.ru", "inbox.ru", "list.ru", "bk.ru"),
    "Yandex": ("yandex.ru", "ya.ru", "yandex.com"),
    "QQ": ("qq.com", "foxmail.com"),
    "NetEase": ("163.com", "126.com", "yeah.net"),
    "Naver": ("naver.com",),
    "Comcast": ("comcast.net", "xfinity.com"),
    "BT": ("btinternet.com", "btopenworld.com"),
    "Libero": ("libero.it", "virgilio.it"),
    "Seznam": ("seznam.cz", "email.cz"),
}
OTHERS: Final = "Others"
#: Each has a stand-in such as ``gmail.example`` that no mail can reach (RFC 2606): the demo world's people
#: live there, and its reports show several providers all the same.
_BY_DOMAIN: Final = {
    domain: name
    for name, domains in _DOMAINS.items()
    for domain in (*domains, f"{name.split()[0].lower()}.example")
}


def provider_of(email: str) -> str:
    """Return who keeps an address's mailbox; ``Others`` for every domain that is nobody's in particular."""
    return _BY_DOMAIN.get(email.rpartition("@")[2].lower(), OTHERS)
