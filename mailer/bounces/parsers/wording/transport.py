"""What servers say about the way a message took: loops, delays, networks and their own faults."""

from typing import Final

LOOP: Final = (
    r"(mail|routing|forwarding|delivery|message) ?(routing )?loop",
    r"too many hops",
    r"hop ?count",
    r"loops? back",
    r"looping",
    r"maximum hop",
    r"detected (a )?loop",
    r"too many .?received.? headers",
    r"routing loop",
)

EXPIRED: Final = (
    r"(delivery|message|mail|queue|retry)[^.;]{0,30}"
    r"(expired|timed? ?-?out|timeout|time limit|too long)",
    r"(been )?(in|on) (the )?(mail )?queue (too|for)",
    r"queue too long",
    r"has been in the queue",
    r"(cannot|could not|unable to) (send|deliver) (message|mail)? ?(for|within|in) \d+",
    r"retry time(out)?( not reached)?",
    r"retries",
    r"retry limit",
    r"giving up",
    r"gave up",
    r"max(imum)? (retries|retry)",
    r"(has |been |was )?delay(ed)?\b",
    r"warning",
    r"still being retried",
    r"not yet been delivered",
    r"will (be )?(keep )?(retr|continue|try)",
    r"connection timed? ?-?out",
    r"timed? ?out",
    r"operation timed",
    r"delivery time expired",
    r"undeliverable for",
    r"lifetime",
    r"hosts have been failing for a long time",
    r"failed \d+ attempts",
)

NETWORK: Final = (
    r"(connection|network|host|route|server|socket)[^.;]{0,40}"
    r"(refused|reset|unreachable|dropped|lost|closed|failed|broken|no route|not (be )?reach|"
    r"not respond|down|unavailable|disconnect|abort|interrupt|not available)",
    r"(couldn't|could not|cannot|can't|unable to|not able to|failed to|wasn't able to|failure) "
    r"(to )?(establish|connect|reach|contact|make|open|route|talk|send|complete)",
    r"no route to host",
    r"broken pipe",
    r"deferred",
    r"not responding",
    r"dns (timeout|problem|failure)",
    r"server error",
    r"tls (is )?(required|not|fail|handshake)",
    r"starttls",
    r"support tls",
    r"ssl",
    r"lost connection",
    r"conversation with",
)

SYSTEM: Final = (
    r"(system|server|internal|local|configuration|config|software|software|database|i/o|fatal|"
    r"temporary|program|ldap|unexpected|mailer|unknown|processing) ?"
    r"(error|failure|problem|trouble|fault|misconfig)",
    r"not (currently )?accepting",
    r"service (is )?(currently |temporarily )?(unavailable|not available)",
    r"out of memory",
    r"resources",
    r"lock(ed)? (mailbox|file)",
    r"cannot (open|create|write|append|lock|find)",
    r"can't create",
    r"read-only",
    r"exit(ed)? (with )?(status|code)",
    r"command (failed|died)",
    r"segmentation",
    r"x-unix",
    r"procmail",
    r"misconfigured",
    r"maintenance",
)
