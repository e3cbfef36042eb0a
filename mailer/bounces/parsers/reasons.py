"""Why a mail was refused, from a server's words, its codes, and what it was answering.

Only what says that an address or its host does not exist is *hard*. A full mailbox, a
disabled account, a filter, a limit and a list of bad senders all end in “550” as well:
of 631 refusals that people labelled by hand, 186 are hard, and to treat the others so
loses living subscribers. Words are trusted before codes, since a filter that says
“5.1.1” still says “spam” beside it.
"""

import re
from enum import StrEnum
from typing import Final

from mailer.bounces.parsers.mentions import ADDRESS


class Reason(StrEnum):
    """What a refusal is about."""

    UNKNOWN_USER = "unknown_user"
    UNKNOWN_HOST = "unknown_host"
    MOVED = "moved"
    NO_MAIL_HERE = "no_mail_here"
    FULL = "full"
    DISABLED = "disabled"
    FILTERED = "filtered"
    TOO_LARGE = "too_large"
    RATE = "rate"
    SPAM = "spam"
    VIRUS = "virus"
    CONTENT = "content"
    REPUTATION = "reputation"
    AUTHENTICATION = "authentication"
    POLICY = "policy"
    SENDER = "sender"
    RELAY = "relay"
    LOOP = "loop"
    EXPIRED = "expired"
    NETWORK = "network"
    SYSTEM = "system"
    UNCLEAR = "unclear"
    DELIVERED = "delivered"

    @property
    def is_about_address(self) -> bool:
        """Whether it says something about the recipient, rather than about us or our message."""
        return self in _ABOUT_ADDRESS


_ABOUT_ADDRESS: Final = frozenset(
    {
        Reason.UNKNOWN_USER,
        Reason.UNKNOWN_HOST,
        Reason.MOVED,
        Reason.NO_MAIL_HERE,
        Reason.FULL,
        Reason.DISABLED,
        Reason.FILTERED,
        Reason.EXPIRED,
        Reason.NETWORK,
        Reason.UNCLEAR,
    }
)
_HARD: Final = frozenset({Reason.UNKNOWN_USER, Reason.UNKNOWN_HOST, Reason.MOVED})


class Stage(StrEnum):
    """What the server was answering."""

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    UNKNOWN = ""


def is_hard(reason: Reason, *, code: str, status: str) -> bool:
    """Whether mail to this address can never arrive; a temporary refusal never says so (RFC 5321 4.2.1)."""
    if (status or code)[:1] == "4":
        return False
    if reason is Reason.NO_MAIL_HERE:
        return (status or code)[:1] == "5"
    return reason in _HARD


def reason_of(
    text: str, *, more: str = "", code: str = "", status: str = "", stage: Stage = Stage.UNKNOWN
) -> Reason:
    """Return what a refusal is about.

    :param text: the server's words
    :param more: what stands around them, asked where neither words nor codes say anything
    :param code: its SMTP reply code
    :param status: its enhanced status code (RFC 3463)
    """
    words = plain_words(text)
    if re.fullmatch(r"[45]\.1\.[789]", status):
        return Reason.SENDER
    reason = _by_words(words) or _by_status(status) or _by_words(plain_words(more)) or _by_code(code, stage)
    reason = reason or Reason.UNCLEAR
    if reason is Reason.UNKNOWN_USER and stage is not Stage.MAIL and not _is_certain(words, status, stage):
        return Reason.FILTERED
    if reason is Reason.UNKNOWN_USER and stage is Stage.MAIL:
        return Reason.SENDER
    if reason is Reason.UNKNOWN_HOST and (stage in (Stage.MAIL, Stage.DATA) or _SENDERS_DOMAIN.search(words)):
        return Reason.SENDER
    if reason is Reason.UNKNOWN_HOST and (status[:1] == "4" or _TRY_AGAIN.search(words)):
        # A name server that did not answer is not a domain that does not exist.
        return Reason.NETWORK
    return reason


def _is_certain(words: str, status: str, stage: Stage) -> bool:
    """Whether an address is unknown for sure: a code says so, or it was refused when it was named.

    Filters hide behind “user unknown” too, but they have read the message first.
    """
    if re.match(r"[45]\.1\.|5\.5\.0", status) or _CERTAIN.search(words):
        return True
    # A policy refuses addresses when they are named, too, and then says so by 5.7.
    return stage is Stage.RCPT and not (status[2:3] == "7" and _REFUSED.search(words))


_REFUSED: Final = re.compile(r"(?i)(rejected|refused|denied)\b")


#: What is said by those who looked the name up, not by filters.
_CERTAIN: Final = re.compile(
    r"(?i)recipient name is not recogni[sz]ed|address (couldn't|wasn't|could not|was not) (be )?found"
    r"|unrouteable address"
    r"|no such (mailbox|user|address|account) here by that name|no mailbox here by that name|recipnotfound"
    r"|unknown local part"
    r"|(isn't|not) listed in .{0,40}(directory|book)|not listed in (domino|public|name|address)"
    r"|address rejected: access denied.{0,40}5.4.1|5.4.1 .{0,60}address rejected: access denied"
    r"|^unknown user\b"
    r"|no such recipient|this person does not exist|bad-mailbox"
)


def plain_words(text: str) -> str:
    """Return a server's words on one line, without the addresses that could be taken for words.

    A dot inside a name becomes “·”, so that “.” ends a sentence in the patterns below.
    """
    words = ADDRESS.sub("@", " ".join(text.split())[:4_000])
    words = re.sub(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", "IP", words)
    return re.sub(r"(?<=\w)\.(?=\w)", "·", words)


_TRY_AGAIN: Final = re.compile(r"(?i)\btry again\b|temporar|deferred|server failure|timed? ?out|SERVFAIL")


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_SENDERS_DOMAIN: Final = _any(r"sender('s)? (address|domain|host)", r"domain of sender", r"from domain")

#: In the order they are asked: what is said beside something else comes before it.
_WORDS: Final[tuple[tuple[Reason, re.Pattern[str]], ...]] = (
    (
        Reason.SENDER,
        _any(
            r"\bsender('s)? ?(address|domain|e-?mail|id)?[^.;]{0,30}(rejected|denied|refused|unknown"
            r"|invalid|not exist"
            r"|verif|cannot|could not|blocked|not allowed|does not|doesn't)",
            r"(unknown|invalid|bad|illegal|unverified|non-?existent) (sender|return|from)\b",
            r"(verify|verification|callback|callout)[^.;]{0,30}\bsender|domain of (the )?sender",
            r"from: .{0,30}(domain|address) is invalid|valid from:?",
        ),
    ),
    (
        Reason.FILTERED,
        _any(
            r"recipient('s)? (preferences|privacy|settings)|by the recipient's (choice|filter|rule"
            r"|request)|user filter"
        ),
    ),
    (
        Reason.AUTHENTICATION,
        _any(
            r"\bdmarc\b",
            r"\b(spf|dkim)\b.{0,60}(fail|reject|not|policy|check|neutral|error|invalid|require|permitted)",
            r"(fail|reject|violat|not|denied).{0,40}\b(spf|dkim|sender policy framework)\b",
            r"unauthenticated (e-?)?mail",
            r"sender policy framework",
            r"5.7.(515|26|27|30|32)\b",
            r"openspf.(org|net)",
            r"message is not (authenticated|signed)",
            r"authentication checks? (fail|did not pass)",
            r"please see .{0,30}/why.html",
        ),
    ),
    (
        Reason.VIRUS,
        _any(
            r"\bvirus(es)?\b.{0,40}(found|detect|infect|reject|contain|in )",
            r"(infected|contains?|carr(y|ies)|with|by) (a )?(computer )?(virus|worm|malware)",
            r"virus (detected|found|scan)",
            r"\bmalware\b",
            r"message content rejected due to virus",
            r"this message was infected",
        ),
    ),
    (
        Reason.FULL,
        _any(
            r"(mail ?box|mailfolder|mail ?drop|inbox|quota|storage|disk|account|directory|maildir|spool"
            r"|user|recipient)"
            r"(es)?('s)?[^.;:]{0,50}\b(full|exceed(ed|s|ing)?|reached|over ?quota|out of (space|quota)"
            r"|no space"
            r"|surpassed"
            r"|insufficient|limit exceeded)\b",
            r"\b(exceed(ed|s|ing)?|over|out of|exhausted)\b[^.;:]{0,40}"
            r"\b(quota|storage|disk ?space|mailbox (size|limit|space|capacity))",
            r"over ?quota\b",
            r"quota (violation|full|exceed)",
            r"not enough (storage|space|disk)",
            r"insufficient (system )?(storage|disk space)",
            r"no (storage )?space (left|available)?[^.]{0,20}(user|mailbox|recipient|account)",
            r"\bfull mailbox\b",
            r"has full mailbox",
            r"mailbox_?full|mbox ?full|boite pleine|boîte .{0,20}pleine|casilla .{0,20}llena"
            r"|buz[oó]n .{0,30}lleno",
            r"too many (mails|messages) (in|on|for) (the )?(mailbox|user|account|recipient)",
            r"account (is )?(temporarily )?(over ?quota|full)",
            r"is (currently )?over (its|his|their|the) (quota|limit|storage)",
            r"delivery failed: over quota",
            r"cannot (accept|hold|receive) (any )?more (mail|messages|e-?mail)",
            r"would (exceed|be over)[^.]{0,20}(quota|limit|storage)",
            r"メールボックス.{0,12}(一杯|いっぱい|容量)|容量.{0,10}超|一杯のため|信箱.{0,8}(已?滿|满|容量)|邮箱.{0,10}(已?满|空间)|超过.{0,6}(配额"
            r"|容量)"
            r"|переполнен|превышен[аао]? ?квот|quota.{0,12}überschritten|postfach.{0,20}voll",
        ),
    ),
    (
        Reason.TOO_LARGE,
        _any(
            r"(message|mail|e-?mail|body|attachment|header|size)\b[^.;]{0,40}"
            r"(too (big|large|long)|exceed(ed|s|ing)?[^.;]{0,40}(size|limit|maximum|max)|larger than"
            r"|oversized?)",
            r"exceed(ed|s|ing)?[^.;]{0,40}(message|mail) ?(file)? ?size",
            r"size limit (exceeded)?",
            r"\bmax(imum)?[ _-]?(message|mail)[ _-]?(size|length)",
            r"message length exceed",
            r"5.3.4\b.{0,40}(size|big|large)",
            r"line (is )?too long",
        ),
    ),
    (
        Reason.LOOP,
        _any(
            r"(mail|routing|forwarding|delivery|message) ?(routing )?loop",
            r"too many hops|hop ?count|loops? back|looping|maximum hop",
            r"detected (a )?loop|too many .?received.? headers|routing loop",
        ),
    ),
    (
        Reason.RATE,
        _any(
            r"too many (messages|connections|mails|emails|recipients|sessions|errors|smtp|invalid"
            r"|concurrent|requests)"
            r"(?!.{0,12}mailbox)",
            r"(rate|sending|hourly|daily|connection|message|messages?) ?(rate )?(limit|throttl"
            r"|quota)[^.]{0,30}"
            r"(exceed|reach|control|hit|applied)",
            r"rate ?limit|throttl",
            r"(unusual|excessive|high) (rate|number|amount|volume|traffic)",
            r"exceed(ed|s)?[^.;]{0,30}(rate|per (hour|day|minute)|allowed|connections?|frequency)",
            r"sent (too many|a lot)",
            r"receiving mail (at|too)|sending (mail )?too (fast|quickly|many)|slow down",
            r"maximum (number of )?(parallel |concurrent )?(connections|sessions)",
            r"temporarily (rate|deferr)",
            r"\[TSS?0\d\]|\[?TS01\]?",
            r"4.7.(28|32)\b",
        ),
    ),
    (
        Reason.REPUTATION,
        _any(
            r"\b(blacklist|black list|block[ -]?list(ed)?|denylist|rbl|dnsbl|spamhaus"
            r"|spamcop|sorbs"
            r"|barracuda(central)?|cloudmark|proofpoint|senderscore|sender score|abuseat|uceprotect"
            r"|mxtoolbox|invaluement)"
            r"\b",
            r"(?<!not )(?<!isn't )\blisted (at|in|on|by)\b",
            r"(client host|your|the|sending|remote|this|connecting) ?(mail )?(ip|host|server|address"
            r"|network|domain)"
            r"[^.;]{0,60}(is |are |has been |was |been )?(currently )?(blocked|banned|black|denied"
            r"|rejected|not allowed"
            r"|refused|suspicious|prohibited|bad|poor|low)",
            r"(bad|poor|low|negative|no) (ip |domain |sender )?reputation",
            r"reputation",
            r"\b(ip|host|access|connection|connections?|mail)\b[^.;]{0,24}\b(blocked|banned)\b",
            r"\bblocked (by|due|for|because|using|from)\b",
            r"(reverse|ptr|rdns|fcrdns)[^.;]{0,30}\b(dns|record|lookup|entry|name|host|match|resol)",
            r"\bptr\b",
            r"(cannot|can't|could not|unable to|does not|doesn't|fail(ed)? to|did not|no) "
            r"(find|resolve|reverse|have|verify)[^.;]{0,40}(reverse|hostname|host name|client|rdns"
            r"|your (ip|host|address))",
            r"(invalid|bad|need|fix|require|valid|fully-qualified|check)[^.;]{0,24}\b(helo|ehlo|reverse)\b",
            r"(helo|ehlo) (command )?(rejected|name|host)",
            r"dynamic (ip|address|pool|residential|host)",
            r"dial-?up",
            r"unwanted (messages|mail)|invalid ip\b|ip for sending",
            r"messages from .{0,60} (weren't|were not) sent",
            r"not accept(ing)? (mail|connections|messages) from (your|this|the|dynamic|\[?\d)",
            r"refused? (mail|connection|to talk)",
            r"access denied.{0,30}\bip\b",
            r"your (access|server|isp|network|host|ip)[^.]{0,40}(rejected|denied|block|refused)",
            r"mail.live.com|postmaster.(yahoo|live|aol|comcast|info.aol)|junkmail|dul\b",
            r"\bIPBL\d|\(DNSBL|\(RTR|\(RLY|\(CON:B|\(HVU|\(DYN",
            r"bad(ly)? (configured|behaved) (client|host|server)",
        ),
    ),
    (
        Reason.SPAM,
        _any(
            r"\b(spam|uce|ube|unsolicited|bulk (mail|e-?mail)|phishing|junk|spammy|spamming|spammer)\b",
            r"spam(my|assassin|content|filter|like|-like|trap|score|check|detect)",
            r"(message|content|mail|e-?mail|body)[^.;]{0,30}(rejected|refused|blocked|denied)[^.;]{0,30}"
            r"(content|filter|reputation)",
            r"(message )?content (was )?(rejected|not accepted|denied|filter)",
            r"rejected (by|due to|because of) (the )?(content|filter|message content)",
            r"looks? (a lot )?like",
            r"high(ly)? probab|(spam|junk) (probab|confiden)",
            r"identified as|classified as|considered (as )?",
            r"bayesian|rejected by.{0,20}filter",
            r"\bprohibited content|offensive|objectionable",
        ),
    ),
    (
        Reason.MOVED,
        _any(
            r"(has|have) (been )?(moved|changed)( to|\b.{0,30}address)",
            r"(user|mailbox|recipient|address|account|he|she|they) (has |have )?(been )?moved",
            r"no longer (works|employed|with (us|the company|this company))",
            r"new (e-?mail )?address is|has been replaced by",
            r"moved to (the )?(following|new) address",
            r"address (has|was) changed",
            r"please (use|update|try|forward|send).{0,40}(new|following) address",
        ),
    ),
    (
        Reason.DISABLED,
        _any(
            r"(mail ?box|account|user|recipient|address|mailing list|domain|e-?mail|login|this person)\S{0,4}"
            r"(?: <?@>?:?)?"
            r" ?(is |was |has been |have been |are |be |temporarily |currently |been |\(?s\)? |not )*"
            r"(disabled|suspended|deactivated|inactive|locked|frozen|expired|blocked|terminated|cancelled"
            r"|canceled"
            r"|discontinued|restricted|administratively|on hold|activated|active|enabled"
            r"|unavailable temporarily)\b",
            r"(disabled|suspended|deactivated|inactive|locked|expired|blocked|non-?active) "
            r"(mail ?box|account|user|recipient|address|domain)",
            r"\b(account|mailbox|user)[^.;]{0,30}(disabled|suspended|deactivated|inactive|not active)",
            r"not activated|rejected: on hold|may not exist, or you may not have permission",
            r"extended (inactivity|period)|inactivity on their mailbox|lack of activity",
            r"(temporarily|currently|permanently) (disabled|suspended|deactivated|locked|inactive)",
            r"5.2.1\b.{0,60}(disabled|inactive)",
            r"boîte.{0,30}(archiv|désactiv|ferm)|mailbox is frozen|vdelivermail: account is locked",
            r"(is|has been) (no longer )?(disabled|suspended|deactivated)",
        ),
    ),
    (
        Reason.UNKNOWN_HOST,
        _any(
            r"(host|domain)( name)?\S{0,60} ?(is |was |could |can |does |did |has )?"
            r"(unknown|not (be )?found|not exist|not (be )?resolv|lookup (failed|failure)|invalid"
            r"|nonexistent|non-existent)",
            r"(unknown|no such|unrouteable|unroutable|invalid|illegal|bad|nonexistent|non-existent"
            r"|unresolvable)"
            r"( mail| remote| recipient| destination| or (illegal|unknown))? ?"
            r"(host|domain|server domain|domain name|destination|system address)",
            r"name or service not known|name service error",
            r"(couldn't|could not|cannot|can't|unable to) (find|resolve"
            r"|look ?up)( any)?( a)?( the)?( destination)?"
            r"( mail)? ?(host|domain|mx|exchanger|name|dns)",
            r"no (mx|dns|a|mail exchanger?)s? ?(or a |records?|entry|host|listed|or)?[^.;]{0,30}"
            r"(record|found|exist|domain|match|for|could)",
            r"nxdomain|host ?lookup (failed|did not complete)|all relevant mx records point to non-?existent",
            r"(domain|host)[^.;]{0,40}(does not|doesn't|do not|did not|don't) (exist|resolve|have)",
            r"address couldn't be found.{0,80}domain|domain .{0,80}couldn't be found"
            r"|the domain .{0,80} (not|n't) be found",
            r"bad destination (mailbox|system)|not a (valid|known) (domain|host)",
            r"dns (server|error|lookup)[^.;]{0,40}(not|fail|nxdomain|domain)",
            r"unrouteable mail domain|recipient('s)? domain|illegal host/domain",
            r"名前解決|ドメイン.{0,10}(存在し|見つか)",
        ),
    ),
    (
        Reason.NO_MAIL_HERE,
        _any(
            r"(host|server|domain|system|machine|we|address)[^.;]{0,40}(does not|doesn't|do not|don't"
            r"|never|not) "
            r"(accept|receiv)(s|e|ing)? (any )?(mail|e-?mail|messages|smtp)(?! from| with| contain| that"
            r"| for| sent| to )",
            r"null ?mx|no mail (is )?accepted|does not accept (any )?mail(?! from| with)",
            r"\bnot (a )?mail (host|server|exchanger)",
            r"(smtp|mail) (protocol|service)s? (returned )?(a )?(not available|is not (available|enabled"
            r"|running))",
            r"5.1.10.{0,40}null|5.3.2\b.{0,50}not accepting",
        ),
    ),
    (
        Reason.RELAY,
        _any(
            r"relay(ing)? (access )?(is |was )?(denied|not|prohibited|block|disallow|operation rejected"
            r"|for|mail|refused)",
            r"(unable|not|denied|cannot|can't|won't|refus\w+|prohibited|no|disallow\w*|insecure|attempt\w*)"
            r"( \S+){0,4} relay(ing)?\b",
            r"isn't in (my|our) (control/)?(locals|rcpthosts)|not in my (list of allowed )?rcpt ?hosts",
            r"not (a )?(gateway|local domain)|we do not relay|that domain isn't",
            r"no (such )?relay|not our (domain|customer domain)",
        ),
    ),
    (
        Reason.UNKNOWN_USER,
        _any(
            r"(user|users?name|mail ?box|recipient|address|account|alias|login|addressee|customer"
            r"|subscriber|person|"
            r"local ?part|destination|mailing list|e-?mail|id|name|identifier|adresse|empf[aä]nger"
            r"|destinat\w+|usuario"
            r"|cuenta|conta|utente|benutzer|direcci[oó]n)s?(\(s\)|\b)"
            r"[^.;]{0,80}?"
            r"\b(unknown|not (be )?(found|known|exist|recogni[sz]ed|listed|valid|registered|available|here"
            r"|present|local|on"
            r"|a (valid|known|local|registered|user)|an|accepted|delivered|identified|available|seem"
            r"|in (the|our|this|my))"
            r"|no longer|does(n't| not)|do(n't| not)|did(n't| not)|isn't|cannot be (found|located)"
            r"|couldn't be found"
            r"|could not be found|wasn't found|wasn’t found|invalid|unavailable|nonexistent|non-?existent"
            r"|inexistent"
            r"|undeliverable|incorrect|deleted|removed|closed|has left|ambiguous|unlisted|unbekannt"
            r"|existiert nicht"
            r"|inconnue?|n'existe|no existe|inexistente|desconocid[oa]|sconosciut[oa]|non esiste"
            r"|n[aã]o existe)",
            r"\b(no such|unknown|invalid|bad|non-?existent|nonexisting|illegal|unrecogni[sz]ed"
            r"|undeliverable|incorrect"
            r"|unroutable|unrouteable|inexistent|missing|undefined|no|not a( valid| known)?|can'?not find"
            r"|ongeldig|wrong"
            r"|unavailable|not our|inconnu|no valid|unlocatable|never heard of|not known|nicht vorhanden)"
            r"( \S+){0,3}? ?(user|mail ?box|recipient|address|account|alias|local (part|user|address)"
            r"|destination"
            r"|addressee|person|customer|receiver|username|login|domain user|mail drop|maildir|virtual"
            r"|e-?mail)",
            r"mail ?box (unavailable|not found|does not exist|is unavailable)",
            r"(not|no longer) (a |an )?(valid|our|known|local|existing|active) ?"
            r"(mail ?box|user|recipient|address|account|customer|e-?mail|in use|here)?",
            r"address rejected|recipient (address )?rejected|recipient (is |was )?(not|un)",
            r"(user|recipient|address|account|mailbox)[^.;]{0,30}(rejected|refused)",
            r"does not (exist|have an? (account|mailbox))|doesn't have an? [^.;]{0,40}(account|mailbox)"
            r"|did not match|no one here",
            r"isn't (listed|found|available)|not listed in|no matches|not (in|found in) (the )?(directory"
            r"|domino|address book)"
            r"|no mailbox( here)?( by that name)?|couldn't find (any )?(the )?(user|recipient|mailbox"
            r"|address|you)",
            r"wasn't found at|address (wasn't|was not|couldn't be|could not be) found"
            r"|delivery is not possible to",
            r"RESOLVER.ADR.(RecipNotFound|RecipientNotFound|ExRecipNotFound)|RecipNotFound|recipnotfound"
            r"|MSEXCH.{0,60}5.1.1"
            r"|unknown or illegal alias|unknown local|unknown recipient|no such (person|address|account"
            r"|alias)",
            r"宛先.{0,12}(見つかり|存在)|送信先メールアドレスが見つか|アドレス.{0,8}(見つか|存在し|誤)|该用户|用户不存在|找不到.{0,6}(用户|信箱|邮箱)"
            r"|收件人.{0,12}(不存在|无效)"
            r"|не (существует|найден|зарегистрирован)|неизвест|несуществующ|адресат.{0,20}не",
            r"存在しない|見つかりません",
        ),
    ),
    (
        Reason.EXPIRED,
        _any(
            r"(delivery|message|mail|queue|retry)[^.;]{0,30}(expired|timed? ?-?out|timeout|time limit"
            r"|too long)",
            r"(been )?(in|on) (the )?(mail )?queue (too|for)|queue too long|has been in the queue",
            r"(cannot|could not|unable to) (send|deliver) (message|mail)? ?(for|within|in) \d+",
            r"retry time(out)?( not reached)?|retries|retry limit|giving up|gave up|max(imum)? (retries"
            r"|retry)",
            r"(has |been |was )?delay(ed)?\b|warning|still being retried|not yet been delivered"
            r"|will (be )?(keep )?"
            r"(retr|continue|try)",
            r"connection timed? ?-?out|timed? ?out|operation timed",
            r"delivery time expired|undeliverable for|lifetime",
        ),
    ),
    (
        Reason.NETWORK,
        _any(
            r"(connection|network|host|route|server|socket)[^.;]{0,40}"
            r"(refused|reset|unreachable|dropped|lost|closed|failed|broken|no route|not (be )?reach"
            r"|not respond|down"
            r"|unavailable|disconnect|abort|interrupt|not available)",
            r"(couldn't|could not|cannot|can't|unable to|not able to|failed to|wasn't able to|failure) "
            r"(to )?(establish|connect|reach|contact|make|open|route|talk|send|complete)",
            r"no route to host|broken pipe|deferred|not responding|dns (timeout|problem|failure)"
            r"|server error|tls (is )?"
            r"(required|not|fail|handshake)|starttls|ssl|lost connection|conversation with",
        ),
    ),
    (
        Reason.POLICY,
        _any(
            r"polic(y|ies)|violat|administrative(ly)? (prohib|reject|den)|prohibited|not (allowed"
            r"|permitted|authori[sz]ed)"
            r"|unauthori[sz]ed|denied|restrict|forbidden|permission|refused by|security|greylist"
            r"|grey-?listed|graylist"
            r"|disallowed|sender (address )?(rejected|denied|refused|invalid|not|unknown|verif)|rejected"
            r"|refused|"
            r"not accepted|authenticat|verification|suspicious|try again later|unacceptable|requires?",
        ),
    ),
    (
        Reason.SYSTEM,
        _any(
            r"(system|server|internal|local|configuration|config|software|software|database|i/o|fatal"
            r"|temporary|program|ldap"
            r"|unexpected|mailer|unknown|processing) ?(error|failure|problem|trouble|fault|misconfig)"
            r"|not (currently )?accepting|service (is )?(currently |temporarily )?(unavailable"
            r"|not available)|out of memory"
            r"|resources|lock(ed)? (mailbox|file)|cannot (open|create|write|append|lock|find)|can't create"
            r"|read-only"
            r"|exit(ed)? (with )?(status|code)|command (failed|died)|segmentation|x-unix|procmail"
            r"|misconfigured|maintenance",
        ),
    ),
)


def _by_words(words: str) -> Reason | None:
    return next((reason for reason, pattern in _WORDS if pattern.search(words)), None)


_EXACT: Final = {
    "1.0": Reason.UNKNOWN_USER,
    "1.1": Reason.UNKNOWN_USER,
    "1.2": Reason.UNKNOWN_HOST,
    "1.3": Reason.UNKNOWN_USER,
    "1.4": Reason.UNKNOWN_USER,
    "1.6": Reason.MOVED,
    "1.7": Reason.SENDER,
    "1.8": Reason.SENDER,
    "1.9": Reason.SENDER,
    "1.10": Reason.UNKNOWN_USER,
    "2.0": Reason.FILTERED,
    "2.1": Reason.DISABLED,
    "2.2": Reason.FULL,
    "2.3": Reason.TOO_LARGE,
    "2.4": Reason.FILTERED,
    "3.1": Reason.FULL,
    "3.2": Reason.NO_MAIL_HERE,
    "3.4": Reason.TOO_LARGE,
    "4.4": Reason.UNKNOWN_HOST,
    "4.6": Reason.LOOP,
    "4.7": Reason.EXPIRED,
    "4.14": Reason.LOOP,
    "5.3": Reason.RATE,
    "6.7": Reason.CONTENT,
    "7.9": Reason.AUTHENTICATION,
    "7.28": Reason.RATE,
}
_SUBJECTS: Final = {
    "1": Reason.UNKNOWN_USER,
    "2": Reason.FILTERED,
    "3": Reason.SYSTEM,
    "4": Reason.NETWORK,
    "5": Reason.SYSTEM,
    "6": Reason.CONTENT,
    "7": Reason.POLICY,
}


def _by_status(status: str) -> Reason | None:
    kind, _, detail = status.partition(".")
    if kind == "2":
        return Reason.DELIVERED
    if kind not in ("4", "5") or detail in ("0.0", ""):
        return None
    reason = _EXACT.get(detail) or _SUBJECTS.get(detail.partition(".")[0])
    if kind == "4" and reason in (Reason.UNKNOWN_USER, Reason.UNKNOWN_HOST, Reason.MOVED):
        return Reason.EXPIRED
    return reason


def _by_code(code: str, stage: Stage) -> Reason | None:
    if code in ("521", "556"):
        return Reason.NO_MAIL_HERE
    if code == "552":
        return Reason.FULL
    if stage is Stage.RCPT and code in ("550", "551", "553"):
        return Reason.UNKNOWN_USER
    if code[:1] == "4":
        return Reason.EXPIRED
    return None
