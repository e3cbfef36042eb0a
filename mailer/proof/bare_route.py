"""The least that a route can do that keeps what it is told: what ``mailer bench emails`` compares with.

Run as a program of its own: ``python -m mailer.proof.bare_route PORT``, with the
settings of the installation whose database it shares. It validates JSON, inserts one
row, commits and answers, by the same web server, framework and driver.
"""

import sys

from flask import Flask, Response, jsonify, request
from pydantic import BaseModel, Field
from sqlalchemy import insert
from sqlalchemy.orm import Mapped, mapped_column

from mailer.config import load
from mailer.db import Base, Identified, db
from mailer.lib.ids import public_id, uuid7
from mailer.runtime.web import serve


class BareRow(Identified, Base):
    """What was posted."""

    __tablename__ = "bare_rows"
    prefix = "bar"

    sender: Mapped[str] = mapped_column()
    recipient: Mapped[str] = mapped_column()
    subject: Mapped[str] = mapped_column()
    html: Mapped[str] = mapped_column()


class _Given(BaseModel):
    from_: str = Field(alias="from", max_length=440)
    to: str = Field(max_length=320)
    subject: str = Field(max_length=998)
    html: str


def bare_app(database_url: str) -> Flask:
    """Return an application of one route over a table of its own."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url
    db.init_app(app)
    with app.app_context():
        BareRow.__table__.create(db.engine, checkfirst=True)  # type: ignore[attr-defined]
        db.engine.dispose()

    @app.get("/readyz")
    def readyz() -> str:
        return "ready"

    @app.post("/emails")
    def emails() -> Response:
        given = _Given.model_validate(request.get_json())
        row_id = uuid7()
        db.session.execute(
            insert(BareRow).values(
                id=row_id, sender=given.from_, recipient=given.to, subject=given.subject, html=given.html
            )
        )
        db.session.commit()
        return jsonify(id=public_id(BareRow.prefix, row_id))

    return app


if __name__ == "__main__":
    serve(lambda: bare_app(load().database_url), bind="127.0.0.1", port=int(sys.argv[1]))
