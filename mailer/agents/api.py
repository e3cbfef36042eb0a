"""The Model Context Protocol over HTTP: the calls of the API as tools, for assistants."""

import json
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, Final, Literal

from flask import Response, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import Field
from werkzeug.test import EnvironBuilder

from mailer import __version__
from mailer.accounts.scopes import is_granted
from mailer.agents.confirm import asks_for_a_person
from mailer.agents.tools import Tool, tools_of
from mailer.api.dry_run import WouldSucceed, dry_run
from mailer.api.guards import allows, api_blueprint
from mailer.api.openapi import described
from mailer.api.schemas import Given
from mailer.db import db
from mailer.errors import MailerError
from mailer.lib.clock import utcnow

bp = api_blueprint("agents_api", __name__, tag="Agents")

#: Of the protocol; the newest that we speak comes last.
_VERSIONS: Final = ("2024-11-05", "2025-03-26", "2025-06-18")
#: Where they are kept once they are made.
_TOOLS: Final = "mailer.tools"
_METHOD_NOT_FOUND, _INVALID_PARAMS = -32601, -32602
_ABOUT: Final = (
    "Mailer sends mail to real people. Read before you write, try with dry_run first, and never "
    "re-subscribe anybody who left. Sending to many people is a person's to confirm."
)
_ANSWERS: dict[int | str, Any] = {
    200: {
        "description": "The answer, as JSON-RPC 2.0 writes it.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    202: {"description": "A notification was taken; nothing is answered."},
}


class Rpc(Given):
    """One message of the protocol (JSON-RPC 2.0)."""

    jsonrpc: Literal["2.0"] = "2.0"
    id: int | str | None = Field(None, description="Left out in a notification.")
    method: str = Field(max_length=100, examples=["tools/list"])
    params: dict[str, Any] = {}


@bp.post("/mcp", endpoint="call_tools")
@allows()
@bp.input(Rpc)
@bp.doc(responses=_ANSWERS)
def answer(json_data: Rpc) -> ResponseReturnValue:
    """Speak the Model Context Protocol: the calls of this API as tools, as far as the key’s scope goes."""
    if json_data.id is None:
        return _taken()
    match json_data.method:
        case "initialize":
            return _result(json_data, _hello(json_data.params))
        case "ping":
            return _result(json_data, {})
        case "tools/list":
            return _result(json_data, {"tools": [tool.shown() for tool in _tools().values()]})
        case "tools/call":
            return _use(json_data)
    return _error(json_data, _METHOD_NOT_FOUND, f"There is no method “{json_data.method}”.")


def _taken() -> Response:
    """Answer a notification: nothing, and therefore of no type."""
    response = Response(status=202)
    del response.headers["Content-Type"]
    return response


def _hello(params: Mapping[str, Any]) -> dict[str, Any]:
    asked = params.get("protocolVersion")
    return {
        "protocolVersion": asked if asked in _VERSIONS else _VERSIONS[-1],
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": {"name": "mailer", "title": "Mailer", "version": __version__},
        "instructions": _ABOUT,
    }


def _tools() -> dict[str, Tool]:
    """Return the tools that the key may use: what it may not, it does not see."""
    every = current_app.extensions.get(_TOOLS)
    if every is None:
        every = current_app.extensions[_TOOLS] = tools_of(described(current_app))
    return {name: tool for name, tool in every.items() if is_granted(tool.scopes, held=g.api_key.scopes)}


def _use(rpc: Rpc) -> Response:
    tool, arguments = _tools().get(str(rpc.params.get("name"))), rpc.params.get("arguments") or {}
    if tool is None or not isinstance(arguments, dict):
        return _error(rpc, _INVALID_PARAMS, "There is no such tool, or not for this key.")
    try:
        path, query, body = tool.request(arguments)
        is_dry = tool.is_tried(arguments)
        wish = asks_for_a_person(tool.name, arguments, g.workspace, now=utcnow())
        if wish is not None and not is_dry:
            return _result(rpc, _told(wish, is_error=True))
    except MailerError as error:
        return _result(rpc, _told(error.message, is_error=True))
    # The call has a session of its own, which must not wait for this one.
    db.session.rollback()
    return _result(rpc, _call(tool, path, query, body, is_dry=is_dry))


def _call(
    tool: Tool, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None, *, is_dry: bool
) -> dict[str, Any]:
    """Make a call within this process, by the same guards as from outside."""
    environ = EnvironBuilder(
        path=path,
        method=tool.method,
        query_string=query,
        json=body,
        headers=[("Authorization", request.headers["Authorization"])],
        environ_base={"REMOTE_ADDR": request.remote_addr or ""},
    ).get_environ()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    with app.request_context(environ):
        try:
            with dry_run() if is_dry else nullcontext():
                response: Response = app.full_dispatch_request()
                told = response.get_data(as_text=True)
        except WouldSucceed:
            return _told("It would succeed; nothing was changed and nothing was sent.")
    if (response.mimetype or "").endswith("json") and response.status_code < 400 and told:
        return {**_told(told), "structuredContent": json.loads(told)}
    return _told(told or "Done.", is_error=response.status_code >= 400)


def _told(text: str, *, is_error: bool = False) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "isError": is_error}


def _result(rpc: Rpc, result: Mapping[str, Any]) -> Response:
    return jsonify(jsonrpc="2.0", id=rpc.id, result=result)


def _error(rpc: Rpc, code: int, message: str) -> Response:
    return jsonify(jsonrpc="2.0", id=rpc.id, error={"code": code, "message": message})
