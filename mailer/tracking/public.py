"""Orders told by the pages of shops, whose readers came by a link of ours."""

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from flask import Blueprint, Response, request

from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from mailer.tracking.take_order import Order, take_order
from mailer.web.limits import limiter

#: Many who buy share the address of a mobile network; a page of thanks that is loaded again tells again.
_PER_ADDRESS: Final = "60 per minute"
#: Whoever holds a token can make orders up, though not without end.
_PER_CLICK: Final = "30 per day"

bp = Blueprint("orders", __name__)


def _click() -> str:
    return f"click:{_told().get('click', '')}"[:200]


@bp.post("/orders")
@limiter.limit(_PER_ADDRESS)
@limiter.limit(_PER_CLICK, key_func=_click)
def create() -> Response:
    """Take an order. Told as plain text, so that a browser asks no leave of us first; without cookies."""
    origin = request.headers.get("Origin", "")
    take_order(_order(), origin=origin, now=utcnow())
    db.session.commit()
    answer = Response(status=204)
    answer.headers["Access-Control-Allow-Origin"] = origin
    answer.headers["Vary"] = "Origin"
    return answer


def _told() -> dict[str, Any]:
    told = request.get_json(force=True, silent=True)
    return told if isinstance(told, dict) else {}


def _order() -> Order:
    fields = _told()
    token, number, currency = (str(fields.get(name, "")) for name in ("click", "order", "currency"))
    try:
        value = Decimal(str(fields.get("value", "")))
    except InvalidOperation:
        raise Invalid("The value of an order is a number, such as 31.50.") from None
    if not number or len(number) > 100 or not value.is_finite():
        raise Invalid("An order has a number of at most 100 characters, and a value.")
    return Order(token, number, value, currency)
