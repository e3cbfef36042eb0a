"""Blocks that are kept for other campaigns."""

from typing import Any

import pytest

from mailer.accounts.models import User, Workspace
from mailer.composing.queries import saved_block_by_id, saved_blocks
from mailer.composing.saved_blocks import forget_block, keep_block
from mailer.errors import Conflict, Invalid, NotFound
from mailer.rendering.blocks.document import Column, Row
from mailer.rendering.blocks.palette import new_block


def test_a_block_and_a_row_are_kept_as_a_design_holds_them(workspace: Workspace):
    keep_block(workspace.id, name="  Order   button ", content={"type": "button", "label": "Order"})
    halves = Row(columns=(Column(width=50), Column(width=50)))
    keep_block(workspace.id, name="Halves", content=halves.model_dump(mode="json"))

    halves, button = saved_blocks(workspace.id)
    assert button.name == "Order button"
    assert button.content["label"] == "Order"
    assert button.content["padding"]["top"] == 8
    assert [column["width"] for column in halves.content["columns"]] == [50, 50]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("", {"type": "button"}),
        ("x" * 81, {"type": "button"}),
        ("Rows", "text"),
        ("Rows", {"type": "unknown"}),
        ("Rows", {"columns": []}),
        ("Link", {"type": "spacer", "height": 9_000}),
    ],
)
def test_what_no_design_would_hold_is_not_kept(workspace: Workspace, name: str, content: Any):
    with pytest.raises(Invalid):
        keep_block(workspace.id, name=name, content=content)


def test_a_name_is_given_once_in_each_workspace(workspace: Workspace, other_workspace: Workspace):
    content = new_block("divider").model_dump(mode="json")
    keep_block(workspace.id, name="Line", content=content)
    theirs = keep_block(other_workspace.id, name="Line", content=content)

    with pytest.raises(Conflict):
        keep_block(workspace.id, name="Line", content=content)
    with pytest.raises(NotFound):
        saved_block_by_id(workspace.id, theirs.public_id)


def test_a_forgotten_block_is_gone(workspace: Workspace):
    kept = keep_block(workspace.id, name="Line", content={"type": "divider"})

    forget_block(kept)

    assert saved_blocks(workspace.id) == []


def test_the_page_keeps_lists_and_forgets(sign_in, ben: User, workspace: Workspace):
    browser = sign_in(ben)

    kept = browser.post("/w/bakery/saved-blocks", json={"name": "Line", "content": {"type": "divider"}})
    listed = browser.get("/w/bakery/saved-blocks")
    forgotten = browser.post(f"/w/bakery/saved-blocks/{kept.json['id']}/delete")

    assert kept.status_code == 201
    assert [one["name"] for one in listed.json["blocks"]] == ["Line"]
    assert forgotten.status_code == 200
    assert browser.get("/w/bakery/saved-blocks").json["blocks"] == []
