"""What an API key may do: scopes, each a resource of the API and a verb, such as ``emails:send``.

A call's resource is the first word of its address, and its verb is to read or to write unless it
says otherwise, so that a new call needs no scope of its own.
"""

from collections.abc import Collection, Iterable
from typing import Final

from mailer.errors import Invalid

EVERYTHING: Final = "*"
READING: Final = "*:read"

_READ_WRITE: Final = ("read", "write")
#: By resource: what people call it, and what can be done with it.
RESOURCES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "emails": ("Transactional messages", ("read", "send")),
    "campaigns": ("Campaigns", ("read", "write", "send")),
    "templates": ("Templates", _READ_WRITE),
    "media": ("Pictures", _READ_WRITE),
    "subscribers": ("Subscribers", _READ_WRITE),
    "bulk-changes": ("Changes to many subscribers", _READ_WRITE),
    "lists": ("Lists", _READ_WRITE),
    "fields": ("Fields", _READ_WRITE),
    "tags": ("Tags", _READ_WRITE),
    "segments": ("Segments", _READ_WRITE),
    "events": ("Events of your own", _READ_WRITE),
    "forms": ("Sign-up forms", _READ_WRITE),
    "imports": ("Imports", _READ_WRITE),
    "exports": ("Exports", _READ_WRITE),
    "suppressions": ("Suppressions", _READ_WRITE),
    "senders": ("Senders", _READ_WRITE),
    "domains": ("Sending domains", _READ_WRITE),
    "transports": ("Transports", _READ_WRITE),
    "limits": ("Sending limits", _READ_WRITE),
    "webhooks": ("Webhooks", _READ_WRITE),
    "workspace": ("The workspace’s settings", _READ_WRITE),
    "members": ("Members", ("read",)),
    "api-keys": ("API keys", _READ_WRITE),
}
SCOPES: Final = tuple(f"{resource}:{verb}" for resource, (_, verbs) in RESOURCES.items() for verb in verbs)

#: What is offered by one name: everything, what sending takes, and looking.
KINDS: Final[dict[str, tuple[str, ...]]] = {
    "all": (EVERYTHING,),
    "sending": (
        "emails:send",
        "campaigns:read",
        "campaigns:write",
        "campaigns:send",
        "senders:read",
        "workspace:read",
    ),
    "read": (READING,),
}


def is_granted(wanted: Collection[str], *, held: Collection[str]) -> bool:
    """Whether a key may make a call.

    :param wanted: the scopes any of which the call takes; with none, every key may make it
    :param held: the key's
    """
    if not wanted or EVERYTHING in held:
        return True
    return any(one in held or (READING in held and one.endswith(":read")) for one in wanted)


def clean_scopes(given: Iterable[str]) -> list[str]:
    """Return scopes in the order in which they are shown, each once.

    :raises Invalid: one is not known, or there is none
    """
    asked = set(given)
    unknown = asked - {EVERYTHING, READING, *SCOPES}
    if unknown:
        problem = f"“{min(unknown)[:60]}” is no scope; they look like “emails:send”."
        raise Invalid(problem, fields={"scopes": problem})
    if not asked:
        problem = "Choose at least one thing that the key may do."
        raise Invalid(problem, fields={"scopes": problem})
    if EVERYTHING in asked:
        return [EVERYTHING]
    return [one for one in (READING, *SCOPES) if one in asked]


def kind_of(scopes: Collection[str]) -> str:
    """Return by which name a key's scopes are offered, or nothing when they were chosen one by one."""
    return next((kind for kind, offered in KINDS.items() if set(offered) == set(scopes)), "")
