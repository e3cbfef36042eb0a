"""What is asked of pictures. The workspace comes first, so that none is forgotten."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select

from mailer import signals
from mailer.composing.media.models import Picture
from mailer.composing.media.store import store
from mailer.current import settings
from mailer.db import db, owned


def pictures_of(workspace_id: UUID, *, search: str = "") -> Select[Picture]:
    """Return the workspace's pictures whose name or alternative text holds some words."""
    query = select(Picture).where(Picture.workspace_id == workspace_id, Picture.removed_at.is_(None))
    for word in search.split():
        query = query.where(
            Picture.name.icontains(word, autoescape=True) | Picture.alt.icontains(word, autoescape=True)
        )
    return query


def picture_by_id(workspace_id: UUID, public_id: str) -> Picture:
    """Return one of the workspace's pictures, removed or not.

    :raises NotFound: there is none with this id
    """
    return owned(Picture, workspace_id, public_id, otherwise="There is no such picture.")


def address_of(picture: Picture) -> str:
    """Return where mails get a picture from."""
    return f"{_base()}/{picture.stored_as}"


@signals.picture_wanted.connect
def bytes_at(address: str, **_: Any) -> bytes | None:
    """Return the picture at one of our addresses; nothing is asked of other machines."""
    base, _sign, name = address.rpartition("/")
    is_known = base == _base() and db.session.scalar(select(exists().where(Picture.stored_as == name)))
    return store().get(name) if is_known else None


def _base() -> str:
    given = settings()
    return given.media_base_url or f"{given.base_url}/m"
