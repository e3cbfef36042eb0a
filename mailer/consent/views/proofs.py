"""The proof of one person's consent: to read, to print, and for other programs."""

from flask import Response, g, jsonify, render_template

from mailer.audience.queries.subscribers import subscriber_by_id
from mailer.consent.proof import proof_as_dict, proof_of
from mailer.lib.clock import utcnow
from mailer.web.guards import workspace_blueprint

bp = workspace_blueprint("proofs", __name__)


@bp.get("/subscribers/<subscriber_id>/proof")
def show(subscriber_id: str) -> str:
    """Show everything that somebody agreed to, with the words they saw."""
    subscriber = subscriber_by_id(g.workspace.id, subscriber_id)
    return render_template(
        "consent/proof.html", subscriber=subscriber, proven=proof_of(subscriber), printed_at=utcnow()
    )


@bp.get("/subscribers/<subscriber_id>/proof.json")
def as_json(subscriber_id: str) -> Response:
    """Hand the same out, with all that it takes to calculate the seals again."""
    subscriber = subscriber_by_id(g.workspace.id, subscriber_id)
    response = jsonify(proof_as_dict(subscriber, proof_of(subscriber)))
    response.headers["Content-Disposition"] = f"attachment; filename=consent-{subscriber.public_id}.json"
    return response
