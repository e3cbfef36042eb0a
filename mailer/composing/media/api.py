"""The library of pictures for programs."""

from typing import Any, Literal

from flask import g
from pydantic import AwareDatetime, Base64Bytes, Field

from mailer.api.guards import api_blueprint
from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Given, Line, Shown, list_of
from mailer.composing.media import queries
from mailer.composing.media import upload as verbs
from mailer.composing.media.models import Picture
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.lib.pictures import USUAL_WIDTH

bp = api_blueprint("media_api", __name__, tag="Pictures")


class PictureShown(Shown):
    """A picture, made fit for mails."""

    object: Literal["picture"] = "picture"
    id: str
    url: str = Field(description="Where mails get it from; its bytes never change.")
    name: str
    alt: str
    width: int
    height: int
    byte_count: int
    warning: str
    created_at: AwareDatetime
    removed_at: AwareDatetime | None


class PictureQuery(PageQuery):
    """Which pictures are asked for."""

    search: Line = Field("", max_length=200, description="Words in the name or in what it shows.")


class NewPicture(Given):
    """A picture to be kept."""

    file_name: Line = Field(min_length=1, max_length=200, examples=["loaf.png"])
    content: Base64Bytes = Field(description="JPEG, PNG, GIF or WebP in base64, up to 8 MB of it.")
    alt: Line = Field("", max_length=500, description="What it shows, for those who do not see it.")
    shown_width: int = Field(USUAL_WIDTH, ge=16, le=1_200, description="How wide it stands in the mail.")


class PictureChanges(Given):
    """What a picture shows."""

    alt: Line = Field(max_length=500, examples=["A loaf of rye bread on a board"])


PicturePage = list_of(PictureShown, "PicturePage")


@bp.get("/media")
@bp.input(PictureQuery, location="query")
@bp.output(PicturePage)
def index_pictures(query_data: PictureQuery) -> dict[str, Any]:
    """Read the pictures, newest first."""
    found = queries.pictures_of(g.workspace.id, search=query_data.search)
    return page(found, Picture, query_data, lambda rows: [_shown(row) for row in rows])


@bp.post("/media", endpoint="upload_picture")
@idempotent
@bp.input(NewPicture)
@bp.output(PictureShown, status_code=201)
def post_picture(json_data: NewPicture) -> PictureShown:
    """Keep a picture, made fit for mails; the same one twice is one."""
    picture = verbs.upload_picture(
        g.workspace.id,
        file_name=json_data.file_name,
        data=json_data.content,
        alt=json_data.alt,
        shown_width=json_data.shown_width,
        by=g.api_key.created_by_id,
    )
    return _shown(picture)


@bp.get("/media/<picture_id>")
@bp.output(PictureShown)
def show_picture(picture_id: str) -> PictureShown:
    """Read one picture."""
    return _shown(queries.picture_by_id(g.workspace.id, picture_id))


@bp.patch("/media/<picture_id>", endpoint="describe_picture")
@bp.input(PictureChanges)
@bp.output(PictureShown)
def patch_picture(picture_id: str, json_data: PictureChanges) -> PictureShown:
    """Say what a picture shows."""
    picture = queries.picture_by_id(g.workspace.id, picture_id)
    verbs.describe(picture, json_data.alt)
    db.session.commit()
    return _shown(picture)


@bp.delete("/media/<picture_id>", endpoint="remove_picture")
@bp.output({}, status_code=204)
def delete_picture(picture_id: str) -> str:
    """Offer a picture no more; mails that show it still do."""
    verbs.remove_picture(queries.picture_by_id(g.workspace.id, picture_id), now=utcnow())
    db.session.commit()
    return ""


@bp.post("/media/<picture_id>/restore", endpoint="restore_picture")
@idempotent
@bp.output(PictureShown)
def restore(picture_id: str) -> PictureShown:
    """Offer a picture again."""
    picture = queries.picture_by_id(g.workspace.id, picture_id)
    verbs.restore_picture(picture)
    return _shown(picture)


def _shown(picture: Picture) -> PictureShown:
    return PictureShown.of(picture, url=queries.address_of(picture))
