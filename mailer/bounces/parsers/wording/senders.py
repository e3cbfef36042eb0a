"""What servers say about who sends: their name, their reputation, their haste, their rights."""

from typing import Final

UNKNOWN: Final = (
    r"\bsender('s)? ?(address|domain|e-?mail|id)?[^.;]{0,30}"
    r"(rejected|denied|refused|unknown|invalid|not exist|verif|cannot|could not|blocked|"
    r"not allowed|does not|doesn't)",
    r"(unknown|invalid|bad|illegal|unverified|non-?existent) (sender|return|from)\b",
    r"(verify|verification|callback|callout)[^.;]{0,30}\bsender",
    r"domain of (the )?sender",
    r"from: .{0,30}(domain|address) is invalid",
    r"valid from:?",
)

AUTHENTICATION: Final = (
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
)

REPUTATION: Final = (
    r"\b(blacklist|black list|block[ -]?list(ed)?|denylist|rbl|dnsbl|spamhaus|spamcop|sorbs|"
    r"barracuda(central)?|cloudmark|proofpoint|senderscore|sender score|abuseat|uceprotect|"
    r"mxtoolbox|invaluement)\b",
    r"(?<!not )(?<!isn't )\blisted (at|in|on|by)\b",
    r"(client host|your|the|sending|remote|this|connecting) ?(mail )?"
    r"(ip|host|server|address|network|domain)[^.;]{0,60}(is |are |has been |was |been )?"
    r"(currently )?(blocked|banned|black|denied|rejected|not allowed|refused|suspicious|"
    r"prohibited|bad|poor|low)",
    r"(bad|poor|low|negative|no) (ip |domain |sender )?reputation",
    r"reputation",
    r"\b(ip|host|access|connection|connections?|mail)\b[^.;]{0,24}\b(blocked|banned)\b",
    r"\bblocked (by|due|for|because|using|from)\b",
    r"(reverse|ptr|rdns|fcrdns)[^.;]{0,30}\b(dns|record|lookup|entry|name|host|match|resol)",
    r"\bptr\b",
    r"(cannot|can't|could not|unable to|does not|doesn't|fail(ed)? to|did not|no) "
    r"(find|resolve|reverse|have|verify)[^.;]{0,40}"
    r"(reverse|hostname|host name|client|rdns|your (ip|host|address))",
    r"(invalid|bad|need|fix|require|valid|fully-qualified|check)[^.;]{0,24}\b(helo|ehlo|reverse)\b",
    r"(helo|ehlo) (command )?(rejected|name|host)",
    r"dynamic (ip|address|pool|residential|host)",
    r"dial-?up",
    r"unwanted (messages|mail)",
    r"invalid ip\b",
    r"ip for sending",
    r"messages from .{0,60} (weren't|were not) sent",
    r"not accept(ing)? (mail|connections|messages) from (your|this|the|dynamic|\[?\d)",
    r"refused? (mail|connection|to talk)",
    r"access denied.{0,30}\bip\b",
    r"your (access|server|isp|network|host|ip)[^.]{0,40}(rejected|denied|block|refused)",
    r"mail.live.com",
    r"postmaster.(yahoo|live|aol|comcast|info.aol)",
    r"junkmail",
    r"dul\b",
    r"\bIPBL\d",
    r"\(DNSBL",
    r"\(RTR",
    r"\(RLY",
    r"\(CON:B",
    r"\(HVU",
    r"\(DYN",
    r"bad(ly)? (configured|behaved) (client|host|server)",
)

RATE: Final = (
    r"too many (messages|connections|mails|emails|recipients|sessions|errors|smtp|invalid|"
    r"concurrent|requests)(?!.{0,12}mailbox)",
    r"(rate|sending|hourly|daily|connection|message|messages?) ?(rate )?"
    r"(limit|throttl|quota)[^.]{0,30}(exceed|reach|control|hit|applied)",
    r"rate ?limit",
    r"throttl",
    r"(unusual|excessive|high) (rate|number|amount|volume|traffic)",
    r"exceed(ed|s)?[^.;]{0,30}(rate|per (hour|day|minute)|allowed|connections?|frequency)",
    r"sent (too many|a lot)",
    r"receiving mail (at|too)",
    r"sending (mail )?too (fast|quickly|many)",
    r"slow down",
    r"maximum (number of )?(parallel |concurrent )?(connections|sessions)",
    r"temporarily (rate|deferr)",
    r"\[TSS?0\d\]",
    r"\[?TS01\]?",
    r"4.7.(28|32)\b",
)

RELAY: Final = (
    r"relay(ing)? (access )?(is |was )?"
    r"(denied|not|prohibited|block|disallow|operation rejected|for|mail|refused)",
    r"(unable|not|denied|cannot|can't|won't|refus\w+|prohibited|no|disallow\w*|insecure|"
    r"attempt\w*)( \S+){0,4} relay(ing)?\b",
    r"isn't in (my|our) (control/)?(locals|rcpthosts)",
    r"not in my (list of allowed )?rcpt ?hosts",
    r"not (a )?(gateway|local domain)",
    r"we do not relay",
    r"that domain isn't",
    r"no (such )?relay",
    r"not our (domain|customer domain)",
)

POLICY: Final = (
    r"polic(y|ies)",
    r"violat",
    r"administrative(ly)? (prohib|reject|den)",
    r"prohibited",
    r"not (allowed|permitted|authori[sz]ed)",
    r"unauthori[sz]ed",
    r"denied",
    r"restrict",
    r"forbidden",
    r"permission",
    r"refused by",
    r"security",
    r"greylist",
    r"grey-?listed",
    r"graylist",
    r"disallowed",
    r"sender (address )?(rejected|denied|refused|invalid|not|unknown|verif)",
    r"rejected",
    r"refused",
    r"not accepted",
    r"authenticat",
    r"verification",
    r"suspicious",
    r"try again later",
    r"unacceptable",
    r"requires?",
)

#: That a domain which cannot be found is the sender's.
DOMAIN: Final = (
    r"sender('s)? (address|domain|host)",
    r"domain of sender",
    r"from domain",
)
