"""The built front end: which file is the style sheet, the script, the icons.

Vite gives each file a name with a hash of what is in it, and writes them down in a
manifest. It is read once for each build; the files may be cached for ever.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from markupsafe import Markup

_MANIFEST = Path(__file__).parents[1] / "static" / "dist" / "manifest.json"


class FrontEndMissing(RuntimeError):
    """The front end was not built, or not with what a page asks for."""


def init_app(app: Flask) -> None:
    """Give templates ``asset_url`` and the tags of an entry."""
    app.jinja_env.globals.update(asset_url=asset_url, asset_tags=asset_tags)


def asset_url(name: str) -> str:
    """Return the address of a built file.

    :param name: as the manifest knows it, such as ``icons.svg`` or ``css/public.css``
    """
    return _url(_entry(name)["file"])


def asset_tags(name: str) -> Markup:
    """Return the tags for an entry of the build: its style sheets, then its script."""
    entry = _entry(name)
    sheets = [*entry.get("css", []), *([entry["file"]] if entry["file"].endswith(".css") else [])]
    tags = [Markup('<link rel="stylesheet" href="{}">').format(_url(sheet)) for sheet in sheets]
    if entry["file"].endswith(".js"):
        tags.append(Markup('<script type="module" src="{}"></script>').format(_url(entry["file"])))
    return Markup("\n").join(tags)


def _entry(name: str) -> dict[str, Any]:
    try:
        return _manifest(_MANIFEST.stat().st_mtime_ns)[name]
    except FileNotFoundError:
        raise FrontEndMissing("The front end is not built yet; run `make build`.") from None
    except KeyError:
        raise FrontEndMissing(f"The front end was built without {name}; run `make build`.") from None


@lru_cache(maxsize=1)
def _manifest(built_at_ns: int) -> dict[str, dict[str, Any]]:
    # The argument only makes a new build a new key.
    return json.loads(_MANIFEST.read_text())


def _url(file: str) -> str:
    return url_for("static", filename=f"dist/{file}")
