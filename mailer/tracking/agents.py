"""What a user agent says it is: a person's mail client or browser, a proxy for one, or a machine.

Lists of names are out of date the day they are written. So this asks first whether the
text has the shape that browsers and mail clients share, and only then for the words by
which machines of that shape give themselves away.
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

#: Raised whenever an answer may differ: what was classified by another is classified again.
AGENTS_VERSION: Final = 2


class AgentKind(StrEnum):
    """What asks."""

    PERSON = "person"
    #: Fetches for somebody who looks at that moment (Gmail's and Yahoo's image proxies).
    PROXY = "proxy"
    #: Apple's Mail Privacy Protection: fetches every image, read or not.
    APPLE_MPP = "apple_mpp"
    #: Fetches ahead of anybody looking.
    PREFETCH = "prefetch"
    SCANNER = "scanner"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Agent:
    """What a user agent is, and by what it was told.

    :param family: the client or browser, where it is known
    """

    kind: AgentKind
    reason: str
    family: str = ""
    device: str = ""

    @property
    def is_machine(self) -> bool:
        """Whether nobody looks: a fetch ahead or a scanner."""
        return self.kind in (AgentKind.APPLE_MPP, AgentKind.PREFETCH, AgentKind.SCANNER)

    def as_dict(self) -> dict[str, Any]:
        """Return it as one line of JSON has it."""
        return {
            "class": self.kind.value,
            "machine": self.is_machine,
            "reason": self.reason,
            "family": self.family,
            "device": self.device,
            "version": AGENTS_VERSION,
        }


def read_agent(text: str) -> Agent:
    """Return what a user agent says it is."""
    text = " ".join(text.split())[:1_000]
    if not text:
        return Agent(AgentKind.UNKNOWN, "no user agent")
    for kind, family, pattern in _PROXIES:
        if pattern.search(text):
            return Agent(kind, "known proxy", family)
    family = next((name for name, pattern in _MAIL_CLIENTS if pattern.search(text)), "")
    if _CALLS_ITSELF_MACHINE.search(text):
        return Agent(AgentKind.SCANNER, "calls itself a machine")
    if family:
        return Agent(AgentKind.PERSON, "mail client", family, _device_of(text))
    if not _LOOKS_LIKE_BROWSER.match(text):
        return Agent(AgentKind.SCANNER, "no browser's user agent")
    if _PROGRAM.search(text) or (not _FOR_PHONES.search(text) and _SERVICE.search(text)):
        return Agent(AgentKind.SCANNER, "program or service")
    if len(text) < 24 and not _SHORT_BUT_REAL.search(text):
        return Agent(AgentKind.SCANNER, "names no browser")
    return Agent(AgentKind.PERSON, "browser", _browser_of(text), _device_of(text))


def agent_in(line: str) -> str:
    """Return the user agent in a line: the line itself, a JSON string, or an object that names it."""
    line = line.strip()
    if line[:1] in ('"', "{"):
        try:
            value = json.loads(line)
        except ValueError:
            return line
        if isinstance(value, dict):
            value = next((value[name] for name in ("user_agent", "ua", "agent") if name in value), "")
        return value if isinstance(value, str) else ""
    return line


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_PROXIES: Final = (
    (AgentKind.PROXY, "Gmail", _any(r"GoogleImageProxy|ggpht\.com")),
    (AgentKind.PROXY, "Yahoo Mail", _any(r"YahooMailProxy")),
    # Gmail loads the images of some mails before they are read, under this old Edge.
    (
        AgentKind.PREFETCH,
        "Gmail",
        re.compile(r"Chrome/42\.0\.2311\.135 Safari/537\.36 Edge/12\.246( Mozilla/5\.0)?$"),
    ),
    (AgentKind.APPLE_MPP, "Apple Mail", re.compile(r"^Mozilla/5\.0$")),
    (AgentKind.PREFETCH, "Outlook", _any(r"OutlookImageProxy|BingPreview|SafeLinks")),
)

_MAIL_CLIENTS: Final = tuple(
    (name, _any(pattern))
    for name, pattern in (
        ("Outlook for phones", r"Outlook-iOS|Outlook-Android|Outlook-iOS-Android"),
        ("Windows Live Mail", r"Outlook-Express/|Windows Live Mail"),
        ("Outlook for Mac", r"MacOutlook/"),
        ("Outlook", r"Microsoft (Office )?Outlook|MSOffice \d|ms-office|Microsoft Office/"),
        ("Thunderbird", r"Thunderbird/|Icedove/|Betterbird/"),
        ("Yahoo Mail", r"YahooMobileMail|YMobile/|Yahoo! ?Mail"),
        ("Lotus Notes", r"Lotus-Notes|HCL ?Notes"),
        ("eM Client", r"eMClient|eM Client"),
        ("Spark", r"Spark/\d"),
        ("Airmail", r"^Airmail"),
        ("Evolution", r"^Evolution/"),
        ("KMail", r"kmail2?/|Kontact/"),
        ("Postbox", r"Postbox/"),
        ("MailBar", r"^MailBar/"),
        ("The Bat!", r"The ?Bat!"),
        ("Superhuman", r"Superhuman"),
        ("Mailspring", r"Mailspring|Nylas ?Mail"),
        ("Mimestream", r"Mimestream"),
        ("Canary", r"Canary ?Mail"),
        ("BlueMail", r"BlueMail"),
        ("Samsung Email", r"SamsungEmail|com\.samsung\.android\.email"),
        ("Gmail for phones", r"Gmail/\d|GmailApp|com\.google\.Gmail"),
        ("GMX", r"GMX/|WEB\.DE"),
        ("Mail.ru", r"MRCHROME|ru\.mail\.mailapp"),
        ("Apple Mail", r"^Mail/\d|com\.apple\.mobilemail"),
    )
)

#: Words that machines use of themselves, whatever else they say.
_CALLS_ITSELF_MACHINE: Final = _any(
    # “Cubot” makes phones.
    r"(?<!\bcu)bots?\b|(?<!\bcu)bot[/;,)_-]|\bbot[a-z_-]|robot",
    r"crawl|spider|slurp|scrap(er|ing|y)|harvest|indexer|archiver|scanner|validator|checker|fetcher|verifier",
    r"prefetch|link ?preview|headless|phantomjs|slimerjs|puppeteer|playwright|selenium|lighthouse"
    r"|pagespeed|webdriver",
    r"\+https?://|\(https?://|; ?https?://|https?://[^\s)]*(bot|robot|crawl|spider|help|about)|^https?://",
    r"facebookexternalhit|facebookcatalog|ia_archiver|mediapartners|feedfetcher|embedly|quora link"
    r"|whatsapp/|telegram",
    r"imgproxy|img-proxy|camo\b|cloudflare|proofpoint|barracuda|mimecast|messagelabs|symantec|fortinet"
    r"|trendmicro|forcepoint",
    r"ironport|sophos|avast|bitdefender|zscaler|urldefense|safebrowsing|virustotal|netcraft|censys|nessus"
    r"|nmap|nikto|sqlmap",
    r"\[at\]|\(at\)|[\w.+-]{2,}@[\w-]{2,}\.[a-z]{2,6}\b",
)

#: How browsers begin, of computers, phones, consoles and televisions.
_LOOKS_LIKE_BROWSER: Final = _any(
    r"^(mozilla(QtWRT)?[ /]\d|opera( mini)?[ /]\d|dalvik/\d|(nokia|samsung|sec|sie|lge?|mot|sonyericsson"
    r"|blackberry"
    r"|htc|zte|alcatel|sagem"
    r"|philips|panasonic|sharp|huawei|tcl|lenovo|docomo|kddi|j-phone|vodafone|softbank|palm|dell|acer|asus"
    r"|sanyo|nec|up\.browser"
    r"|ucweb|jbrowser|obigo|amoi|gionee|micromax|karbonn|spice|lava|tianyu|mauimobile|midp"
    r"|series\d)[- /_]?[\w.-]*[/ ;(]"
    r"|(lynx|links|elinks|w3m|elinks|dillo|netsurf|konqueror|icab|omniweb|midori|uzbl|surf|amaya|netfront"
    r"|novarra)[/ (])",
)

#: Programs, libraries and services in a browser's clothes.
_PROGRAM: Final = _any(
    r"\b(python|perl|libwww|wget|curl|java(?=/1\.)|okhttp|httpclient|http-client|http_|urllib|go-http"
    r"|guzzle|aiohttp|node-fetch|axios|winhttp|php|ruby(?=/|$)|mechanize|simplepie|magpie|jersey)\b",
    r"chrome/w\.x\.y\.z|electron/|\bgoogle-|googleother|google (favicon|web|page|image)|duckduckgo-"
    r"|\bads?-?naver",
    r"compatible; (?!msie|konqueror|windows|linux|u;|macintosh|x11|google ?toolbar|ms-office|lotus|omniweb"
    r"|icab"
    r"|opera|netfront|webtv|symbian|palmos|android|iphone|ipad|web ?os|khtml|nokia|mobile|i;|mac|series"
    r"|ptv|motion"
    r"|docomo|teleca|obigo|belkin|intel|polaris|go\.web|oss/|sonyericsson)",
    # WebPageTest, on phones as well as on computers.
    r"\bptst/",
)

#: What else services are called. Phones carry the names of their shops and apps, which say nothing.
_SERVICE: Final = _any(
    r"monitor(?!-)|uptime|synthetic|pingdom|preview|screenshot|thumbnail|snapshot|capture|extractor|parser"
    r"|analy[sz]er|analytics|inspect|optimi[sz]er|transcoder|translat|proxy|cache|downloader|grabber|sitemap"
    r"|\bseo|seo\b|rank|audit|survey|research|\bscan|scan\b|security|probe|sniffer|observ|detect|discover"
    r"|explor(?!er)|collect|gather|metadata|validation|verification|\bfetch|fetch\b|\bagent\b|httpagent"
    r"|search(?!box|toolbar|; |app)|\bindex|\bnews\w*/\d|\bfeed|rss\b|favicon|hardenize|rigor\b|statuscake"
    r"|[a-z]agent[ /]\d|verify/\d",
    r"https?://|(?<![\w.])[\w-]{3,}\.(com|net|org|io|dev|ai|app|co|ru|de|cn|jp|fr|eu)\b(?![\w.]*\.(android"
    r"|apple))",
    # A name after everything that browsers say.
    r"(windows|macintosh|x11).*(safari|firefox)/[\d.]+ (?!maxthon|ubuntu|mobile|brave|navigator)[a-z]{6,}$",
)
_FOR_PHONES: Final = _any(r"mobile|android|symbian|iphone|midp|opera mini|phone|FBAN/|\bdroid")
_SHORT_BUT_REAL: Final = _any(r"opera|msie|firefox|chrome|safari|\(")


def _browser_of(text: str) -> str:
    return next((name for name, pattern in _BROWSERS if pattern.search(text)), "")


_BROWSERS: Final = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("Edge", r"Edge?(A|iOS)?/"),
        ("Opera", r"OPR/|Opera"),
        ("Samsung Internet", r"SamsungBrowser/"),
        ("Firefox", r"Firefox/|FxiOS/"),
        ("Chrome", r"Chrome/|CriOS/"),
        ("Internet Explorer", r"MSIE |Trident/"),
        ("Safari", r"Version/[\d.]+ .*Safari/"),
        (
            "Apple Mail",
            r"\((Macintosh|iPhone|iPad)[^)]*\) AppleWebKit/[\d.]+ \(KHTML, like Gecko\)( Mobile/\w+)?$",
        ),
    )
)


def _device_of(text: str) -> str:
    if re.search(r"iPad|Tablet|PlayBook|Silk|Kindle", text) or ("Android" in text and "Mobile" not in text):
        return "tablet"
    if re.search(r"iPhone|iPod|Android|Mobile|BlackBerry|Windows Phone|Symbian|Opera Mini|Outlook-iOS", text):
        return "phone"
    return "computer"
