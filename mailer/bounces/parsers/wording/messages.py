"""What servers say about a message: what is in it, and how large it is."""

from typing import Final

VIRUS: Final = (
    r"\bvirus(es)?\b.{0,40}(found|detect|infect|reject|contain|in )",
    r"(infected|contains?|carr(y|ies)|with|by) (a )?(computer )?(virus|worm|malware)",
    r"virus (detected|found|scan)",
    r"\bmalware\b",
    r"message content rejected due to virus",
    r"this message was infected",
)

TOO_LARGE: Final = (
    r"(message|mail|e-?mail|body|attachment|header|size)\b[^.;]{0,40}"
    r"(too (big|large|long)|exceed(ed|s|ing)?[^.;]{0,40}(size|limit|maximum|max)|larger than|"
    r"oversized?)",
    r"exceed(ed|s|ing)?[^.;]{0,40}(message|mail) ?(file)? ?size",
    r"size limit (exceeded)?",
    r"\bmax(imum)?[ _-]?(message|mail)[ _-]?(size|length)",
    r"message length exceed",
    r"5.3.4\b.{0,40}(size|big|large)",
    r"line (is )?too long",
)

SPAM: Final = (
    r"\b(spam|uce|ube|unsolicited|bulk (mail|e-?mail)|phishing|junk|spammy|spamming|spammer)\b",
    r"spam(my|assassin|content|filter|like|-like|trap|score|check|detect)",
    r"(message|content|mail|e-?mail|body)[^.;]{0,30}(rejected|refused|blocked|denied)[^.;]{0,30}"
    r"(content|filter|reputation)",
    r"(message )?content (was )?(rejected|not accepted|denied|filter)",
    r"rejected (by|due to|because of) (the )?(content|filter|message content)",
    r"looks? (a lot )?like",
    r"high(ly)? probab",
    r"(spam|junk) (probab|confiden)",
    r"identified as",
    r"classified as",
    r"considered (as )?",
    r"bayesian",
    r"rejected by.{0,20}filter",
    r"\bprohibited content",
    r"offensive",
    r"objectionable",
)
