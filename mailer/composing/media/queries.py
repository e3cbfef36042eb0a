"""What is asked of pictures. The workspace comes first, so that none is forgotten."""

from uuid import UUID

from sqlalchemy import Select, select

from mailer.composing.media.models import Picture
from mailer.current import settings
from mailer.db import owned


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
    given = settings()
    return f"{given.media_base_url or f'{given.base_url}/m'}/{picture.stored_as}"
