"""From what a program sends along, or names, to files that go with a message."""

import base64
import binascii
import mimetypes
from uuid import UUID

from mailer.composing.media.queries import picture_by_id
from mailer.composing.media.store import store
from mailer.delivery.engine.enclosures import FALLBACK_TYPE, Enclosure
from mailer.errors import NotFound
from mailer.transactional.letter import file_name, wrong


def enclose(content: bytes, *, name: str, content_type: str = "", content_id: str = "") -> Enclosure:
    """Return a file, under a safe name and the type that its ending says where none is given."""
    safe = file_name(name)
    kind = content_type.partition(";")[0].strip() or mimetypes.guess_type(safe)[0] or FALLBACK_TYPE
    return Enclosure(safe, kind, content, content_id.strip().removeprefix("<").removesuffix(">"))


def from_base64(text: str, *, name: str, content_type: str = "", content_id: str = "") -> Enclosure:
    """Return a file whose bytes came as base64 (RFC 4648), with or without line ends.

    :raises Invalid: it is not base64
    """
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise wrong("attachments", f"The content of “{name[:60]}” is not base64.") from None
    return enclose(content, name=name, content_type=content_type, content_id=content_id)


def from_picture(workspace_id: UUID, picture_id: str, *, name: str = "", content_id: str = "") -> Enclosure:
    """Return an uploaded picture as a file.

    :raises Invalid: there is none with this id
    """
    try:
        picture = picture_by_id(workspace_id, picture_id)
        content = store().get(picture.stored_as)
    except NotFound:
        content = None
    if content is None:
        raise wrong("attachments", f"There is no picture “{picture_id[:60]}”.")
    return enclose(
        content,
        name=name or picture.name,
        content_type=mimetypes.guess_type(picture.stored_as)[0] or "",
        content_id=content_id,
    )
