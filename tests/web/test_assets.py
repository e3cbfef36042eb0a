"""The front end's files as pages name them."""

import re
from pathlib import Path

import pytest

from mailer.web import assets

ROOT = Path(__file__).parents[2]
ICON = re.compile(r"""\bicon(?:_name)?(?:\(|=)\s*["']([a-z0-9-]+)["']""")


def test_a_missing_build_says_how_to_make_one(monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "_MANIFEST", tmp_path / "manifest.json")

    with pytest.raises(assets.FrontEndMissing, match="make build"):
        assets.asset_url("icons.svg")


def test_every_icon_that_a_template_names_is_in_the_sprite():
    sprite = set((ROOT / "mailer/frontend/icons.txt").read_text().split())
    sources = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "mailer").glob("*/*.py")]

    named = {name for source in sources for name in ICON.findall(source.read_text())}

    assert named <= sprite
