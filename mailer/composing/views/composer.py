"""What the visual composer asks for while somebody writes: its picture, and saved blocks."""

from typing import Any

from flask import g, jsonify, request
from flask.typing import ResponseReturnValue
from flask.wrappers import Response

from mailer.accounts.roles import Role
from mailer.composing.canvas import picture
from mailer.composing.models import SavedBlock
from mailer.composing.queries import brand_of, saved_block_by_id, saved_blocks
from mailer.composing.saved_blocks import forget_block, keep_block
from mailer.composing.views.frame import bp
from mailer.db import db
from mailer.rendering.blocks.check import mistakes_in
from mailer.rendering.blocks.read import read
from mailer.web.guards import requires
from mailer.web.headers import framed

_EMPTY_PAGE = '<!doctype html><html lang="en"><head><title>The mail</title></head><body></body></html>'


@bp.get("/canvas")
@requires(Role.EDITOR)
def canvas() -> Response:
    """Show the empty page that the composer puts its picture into: under the policy for mails."""
    return framed(_EMPTY_PAGE)


@bp.post("/canvas")
@requires(Role.EDITOR)
def show_canvas() -> ResponseReturnValue:
    """Answer with a design as the composer shows it, each part carrying its id, and what is wrong in it."""
    document = read(_sent().get("design"))
    return jsonify(
        html=picture(document, workspace=g.workspace, brand=brand_of(g.workspace)),
        problems={str(mistake.place): mistake.message for mistake in mistakes_in(document)},
    )


@bp.get("/saved-blocks")
@requires(Role.EDITOR)
def show_saved_blocks() -> ResponseReturnValue:
    """List the blocks that the workspace keeps for its campaigns."""
    return jsonify(blocks=[_shown(kept) for kept in saved_blocks(g.workspace.id)])


@bp.post("/saved-blocks")
@requires(Role.EDITOR)
def save_block() -> ResponseReturnValue:
    """Keep a block or a row."""
    sent = _sent()
    kept = keep_block(g.workspace.id, name=str(sent.get("name") or ""), content=sent.get("content"))
    db.session.commit()
    return jsonify(_shown(kept)), 201


@bp.post("/saved-blocks/<block_id>/delete")
@requires(Role.EDITOR)
def delete_saved_block(block_id: str) -> ResponseReturnValue:
    """Keep a block no longer."""
    forget_block(saved_block_by_id(g.workspace.id, block_id))
    db.session.commit()
    return jsonify({})


def _sent() -> dict[str, Any]:
    """Return the JSON object that was sent, or an empty one."""
    sent = request.get_json(silent=True)
    return sent if isinstance(sent, dict) else {}


def _shown(kept: SavedBlock) -> dict[str, Any]:
    return {"id": kept.public_id, "name": kept.name, "content": kept.content}
