"""Taking what somebody sent in, before anybody looks who they are.

A page that looked people up would answer sooner for some than for others, and its time
would tell who is known. So the page only writes down what it was sent, the same rows for
everybody, and a worker signs them up (``sign_up.py``) a moment later.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from mailer.audience.models import MailingList
from mailer.audience.subscribers import clean_details
from mailer.consent.models import Evidence
from mailer.db import db
from mailer.jobs import SIGN_UP, later
from mailer.lib.addresses import clean_address
from mailer.signup.models import WaitingEntry
from mailer.signup.shown import ShownForm


@dataclass(frozen=True)
class Entry:
    """What somebody sent in.

    :param ticked: numbers of the boxes that they ticked
    :param source: from where they came, by the names of ``forms.SOURCES``
    :param place: where the poster hung or the kiosk stood
    :param key: a kiosk's name for it, so that sending it again does nothing
    """

    email: str
    lists: Collection[MailingList]
    name: str = ""
    fields: Mapping[str, Any] | None = None
    ticked: Collection[int] = ()
    source: Mapping[str, str] | None = None
    place: str = ""
    key: str | None = None


def write_down(shown: ShownForm, entry: Entry, *, evidence: Evidence, now: datetime) -> WaitingEntry:
    """Keep an entry until it is signed up, with the words that were shown, and ring for that.

    :raises Invalid: the address or something else that was typed cannot be used
    """
    details = clean_details(shown.workspace.id, name=entry.name, fields=entry.fields)
    proof = replace(
        evidence,
        words=shown.record_words(entry.lists, entry.ticked),
        locale=shown.language,
        form_version_id=None,
    )
    waiting = WaitingEntry(
        workspace_id=shown.workspace.id,
        form_id=shown.form.id if shown.form else None,
        form_version_id=shown.version.id if shown.version else None,
        created_at=now,
        key=entry.key,
        sent={
            "email": clean_address(entry.email),
            "list_ids": [each.public_id for each in entry.lists],
            "name": details.get("name", ""),
            "fields": details.get("fields", {}),
            "source": dict(entry.source or {}),
            "place": entry.place[:60],
            "evidence": {name: value for name, value in asdict(proof).items() if value is not None},
        },
    )
    db.session.add(waiting)
    db.session.flush()
    later(SIGN_UP, str(waiting.id))
    return waiting
