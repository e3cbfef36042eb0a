"""Taking a picture in, describing it, putting it out of the way."""

import hashlib
import secrets
from datetime import datetime
from pathlib import PurePath
from typing import Final
from uuid import UUID

from sqlalchemy import select

from mailer.composing.media.models import Picture
from mailer.composing.media.store import store
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.lines import clean_line
from mailer.lib.pictures import MIME_TYPES, USUAL_WIDTH, prepare

_LONGEST_ALT: Final = 500
_NARROWEST: Final = 16
_WIDEST: Final = 1_200


def upload_picture(
    workspace_id: UUID,
    *,
    file_name: str,
    data: bytes,
    alt: str = "",
    shown_width: int = USUAL_WIDTH,
    by: UUID | None = None,
) -> Picture:
    """Keep an uploaded picture, made fit for mails; the same one twice is one.

    :param shown_width: how wide it will stand in the mail
    :raises Invalid: it is no picture that mails can show, or too large a one
    """
    if not _NARROWEST <= shown_width <= _WIDEST:
        raise Invalid(f"A picture is {_NARROWEST} to {_WIDEST} wide in a mail.")
    digest = hashlib.sha256(b"%d:" % shown_width + data).hexdigest()
    known = db.session.scalar(
        select(Picture).where(Picture.workspace_id == workspace_id, Picture.digest == digest).limit(1)
    )
    if known is not None:
        known.removed_at = None
        if alt:
            describe(known, alt)
        db.session.flush()
        return known
    made = prepare(data, shown_width=shown_width)
    name = _random_name()
    picture = Picture(
        workspace_id=workspace_id,
        name=_name_of(file_name),
        stored_as=f"{name}.{made.ending}",
        thumbnail_as=f"{name}-s.{made.thumbnail_ending}",
        width=made.width,
        height=made.height,
        byte_count=len(made.data),
        digest=digest,
        uploaded_by_id=by,
    )
    describe(picture, alt)
    keep = store()
    keep.put(picture.stored_as, made.data, MIME_TYPES[made.ending])
    keep.put(picture.thumbnail_as, made.thumbnail, MIME_TYPES[made.thumbnail_ending])
    db.session.add(picture)
    db.session.flush()
    return picture


def describe(picture: Picture, alt: str) -> None:
    """Say what a picture shows, for those who do not see it.

    :raises Invalid: it is too long, or not one line
    """
    picture.alt = clean_line(alt, label="The description", longest=_LONGEST_ALT)


def remove_picture(picture: Picture, *, now: datetime) -> None:
    """Offer a picture no more; the mails that show it still do."""
    picture.removed_at = now
    db.session.flush()


def restore_picture(picture: Picture) -> None:
    """Offer it again."""
    picture.removed_at = None
    db.session.flush()


def _random_name() -> str:
    """Return a name of 128 bits: an unsent campaign's pictures are nobody's business."""
    return secrets.token_hex(16)


def _name_of(file_name: str) -> str:
    name = PurePath(file_name.replace("\\", "/")).name
    return "".join(character for character in name if character.isprintable())[:200] or "picture"
