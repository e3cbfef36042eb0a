"""The builder's form: a tree of conditions in flat names, and the steps by which it grows.

Each condition stands at a path, ``c`` the outermost group, ``c.0.1`` the second condition
of its first; its parts are named ``c.0.1:test``. So the builder works without a script,
and a page that is sent back after any change is all that makes it live.
"""

import re
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from mailer.errors import Invalid
from mailer.segments.conditions import LEAVES, MOST

ROOT: Final = "c"
#: What a new condition of each kind begins as.
_NEW: Final[dict[str, dict[str, Any]]] = {
    "detail": {"detail": "email", "test": "contains", "value": ""},
    "field": {"field": "", "test": "is", "value": ""},
    "tag": {"tag": "", "has": True},
    "list": {"list": "", "place": "active"},
    "consent": {"via": "signup_page"},
    "did": {"deed": "opened", "count": "at_least", "times": 1},
    "event": {"event": "", "count": "at_least", "times": 1},
    "suppressed": {"reason": "any"},
    "segment": {"segment": "", "is_in": True},
    "sample": {"percent": 10},
}
#: Parts that stand in a tree before anything is chosen.
_MAY_BE_EMPTY: Final = frozenset({"value", "link", "tag", "list", "segment", "field", "event"})
_PATH: Final = re.compile(r"c(\.\d{1,2})*")
_DEEPEST: Final = 6


def tree_in(form: MultiDict[str, str]) -> dict[str, Any]:
    """Return the tree that was typed, unchecked, with what a button or a menu asked for done to it."""
    tree = _group_at(ROOT, form)
    for name, kind in form.items():
        path, _, part = name.partition(":")
        if part == "add" and kind and _PATH.fullmatch(path):
            _add(tree, path, kind)
    deed, _, path = form.get("do", "").partition(":")
    if deed == "remove" and _PATH.fullmatch(path) and path != ROOT:
        _remove(tree, path)
    return tree


def is_being_built(form: MultiDict[str, str]) -> bool:
    """Whether the form was sent to change the tree, not to save it."""
    return bool(form.get("do")) or any(name.endswith(":add") and value for name, value in form.items())


def _group_at(path: str, form: MultiDict[str, str]) -> dict[str, Any]:
    return {
        "type": "group",
        "match": form.get(f"{path}:match", "all"),
        "conditions": [_node_at(inner, form) for inner in _inside(path, form)],
    }


def _inside(path: str, form: MultiDict[str, str]) -> list[str]:
    if path.count(".") >= _DEEPEST:
        return []
    pattern = re.compile(rf"{re.escape(path)}\.(\d{{1,2}}):type")
    numbers = sorted({int(match[1]) for name in form if (match := pattern.fullmatch(name))})
    return [f"{path}.{number}" for number in numbers[:MOST]]


def _node_at(path: str, form: MultiDict[str, str]) -> dict[str, Any]:
    kind = form.get(f"{path}:type", "")
    if kind == "group":
        return _group_at(path, form)
    if kind not in LEAVES:
        raise Invalid("There is no such condition.")
    node: dict[str, Any] = {"type": kind}
    for part in LEAVES[kind].model_fields:
        value = form.get(f"{path}:{part}")
        if value is None or part == "type":
            continue
        if part == "values":
            node[part] = form.getlist(f"{path}:{part}")
        elif part in {"has", "is_in"}:
            node[part] = value != "no"
        elif value.strip() or part in _MAY_BE_EMPTY:
            node[part] = value.strip()
    return node


def _add(tree: dict[str, Any], path: str, kind: str) -> None:
    group = _at(tree, path)
    if group is None or len(group["conditions"]) >= MOST:
        return
    if kind == "group":
        group["conditions"].append({"type": "group", "match": "any", "conditions": []})
    elif kind in _NEW:
        group["conditions"].append({"type": kind, **_NEW[kind]})


def _remove(tree: dict[str, Any], path: str) -> None:
    above, _, number = path.rpartition(".")
    group = _at(tree, above)
    if group is not None and int(number) < len(group["conditions"]):
        del group["conditions"][int(number)]


def _at(tree: dict[str, Any], path: str) -> dict[str, Any] | None:
    node = tree
    for number in path.split(".")[1:]:
        inner = node.get("conditions", [])
        if int(number) >= len(inner):
            return None
        node = inner[int(number)]
    return node if node.get("type") == "group" else None
