"""How sending domains fare: records, reputation, mail by provider and day, and DMARC reports."""

from typing import Final

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.db import db, owned
from mailer.delivery import dmarc, doctor
from mailer.delivery.domain_figures import domain_figures
from mailer.delivery.engine.dmarc_reports import LARGEST_BYTES, read_reports
from mailer.delivery.guard import standings_of
from mailer.delivery.models import SendingDomain
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("health", __name__)

_DAYS: Final = 30


@bp.get("/settings/domains/<domain_id>/health")
@requires(Role.ADMIN)
def show(domain_id: str) -> ResponseReturnValue:
    """Show what was found of a domain, and what its mail came to."""
    sending_domain, now = _found(domain_id), utcnow()
    return render_template(
        "delivery/health.html",
        sending_domain=sending_domain,
        checks=doctor.checks_of(sending_domain),
        standings=[each for each in standings_of(g.workspace) if _is_of(each.domain, sending_domain)],
        figures=domain_figures(sending_domain, now=now, days=_DAYS),
        days=_DAYS,
        sendings=dmarc.sendings_of(sending_domain, since=dmarc.reports_since(now)),
        reports=dmarc.reporters_of(sending_domain),
    )


@bp.post("/settings/domains/<domain_id>/health")
@requires(Role.ADMIN)
def examine(domain_id: str) -> ResponseReturnValue:
    """Look every record up now."""
    doctor.examine(_found(domain_id).id, now=utcnow())
    db.session.commit()
    flash("Looked. What was found stands beside each record.", "info")
    return redirect(url_for(".show", domain_id=domain_id))


@bp.post("/settings/domains/<domain_id>/dmarc-reports")
@requires(Role.ADMIN)
def upload(domain_id: str) -> ResponseReturnValue:
    """Read DMARC reports from files."""
    _found(domain_id)
    kept, problems = 0, []
    for file in request.files.getlist("files"):
        try:
            reports = read_reports(file.stream.read(LARGEST_BYTES + 1))
            kept += dmarc.keep_reports(g.workspace.id, reports, now=utcnow())
        except Invalid as error:
            problems.append(f"{file.filename}: {error.message}")
    db.session.commit()
    if problems:
        flash(problems[0], "error")
    elif kept:
        flash("The report is read." if kept == 1 else f"{kept} reports are read.", "success")
    else:
        flash("Nothing new: those reports were there, or are about no domain of this workspace.", "info")
    return redirect(url_for(".show", domain_id=domain_id))


def _found(domain_id: str) -> SendingDomain:
    return owned(SendingDomain, g.workspace.id, domain_id, otherwise="There is no such sending domain.")


def _is_of(domain: str, sending_domain: SendingDomain) -> bool:
    return domain == sending_domain.domain or domain.endswith(f".{sending_domain.domain}")
