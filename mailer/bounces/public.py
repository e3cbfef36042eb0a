"""The door for mail providers that tell what came back: no session, a signature."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from mailer.bounces.hooks import hook_by_id, take_call
from mailer.bounces.parsers.signatures import Call, NotGenuine
from mailer.db import db
from mailer.lib.clock import utcnow

bp = Blueprint("return_hooks", __name__)

_LARGEST_BYTES = 2_000_000


@bp.post("/hooks/<hook_id>")
def call(hook_id: str) -> ResponseReturnValue:
    """Take a provider's call: the signature first, and “200” only after the commit."""
    hook = hook_by_id(hook_id)
    request.max_content_length = _LARGEST_BYTES
    body = request.get_data(cache=True, parse_form_data=False)
    made = Call(
        {name.lower(): value for name, value in request.headers.items()}, body, request.form.to_dict()
    )
    try:
        new = take_call(hook, made, now=utcnow())
    except NotGenuine as refused:
        db.session.rollback()
        # Shown in the settings: a secret that was changed at the provider is found out there.
        hook_by_id(hook_id).problem = str(refused)[:500]
        db.session.commit()
        return {"error": str(refused)}, 403
    db.session.commit()
    return {"noted": new}
