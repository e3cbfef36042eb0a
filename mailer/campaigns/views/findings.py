"""What preflight found, beside the composer: looking again, mending, and how other clients show it."""

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.campaigns import mend as mending
from mailer.campaigns.judge_spam import judge_spam
from mailer.campaigns.look import look
from mailer.campaigns.preflight import preflight
from mailer.campaigns.views.draft_answer import with_words
from mailer.campaigns.views.frame import bp, campaign_of, chosen_locale, chosen_reader
from mailer.db import db
from mailer.errors import Invalid
from mailer.jobs import FOLLOW_LINKS, later
from mailer.lib.clock import utcnow
from mailer.rendering.checks.degrade import PREVIEWS, degrade
from mailer.web.answers import flash_html, flash_with_undo, refusal_told, wants_json
from mailer.web.guards import requires
from mailer.web.headers import framed


@bp.get("/campaigns/<campaign_id>/findings")
@requires(Role.EDITOR)
def findings(campaign_id: str) -> ResponseReturnValue:
    """Answer with what is found in a draft now; the panel asks whenever it was saved."""
    campaign = campaign_of(campaign_id)
    return render_template(
        "campaigns/findings.html",
        campaign=campaign,
        found=preflight(campaign, now=utcnow()),
        tries=request.args.get("try", 0, type=int),
    )


@bp.post("/campaigns/<campaign_id>/link-checks")
@requires(Role.EDITOR)
def follow_links(campaign_id: str) -> ResponseReturnValue:
    """Let a worker ask the draft's links whether they answer."""
    later(FOLLOW_LINKS, str(campaign_of(campaign_id).id))
    db.session.commit()
    return render_template("campaigns/following.html", campaign_id=campaign_id, tries=1)


@bp.get("/campaigns/<campaign_id>/spam-verdict")
@requires(Role.EDITOR)
def spam_verdict(campaign_id: str) -> ResponseReturnValue:
    """Answer with what the configured spam filter thinks of a draft."""
    verdict, problem = None, ""
    campaign = campaign_of(campaign_id)
    try:
        verdict = judge_spam(campaign.words_in(chosen_locale()), now=utcnow())
    except Invalid as error:
        problem = error.message
    return render_template("campaigns/spam_verdict.html", verdict=verdict, problem=problem)


@bp.post("/campaigns/<campaign_id>/mends")
@requires(Role.EDITOR)
def mend(campaign_id: str) -> ResponseReturnValue:
    """Apply the mend of one finding; the composer takes JSON for an answer and stays as it is."""
    campaign = campaign_of(campaign_id)
    with refusal_told():
        made = mending.mend(
            campaign,
            request.form.get("finding", ""),
            answer=request.form.get("answer", ""),
            by=current_user.id,
            now=utcnow(),
        )
        db.session.commit()
        undo = url_for(".take_back_mend", campaign_id=campaign_id, mend_id=made.public_id)
        if wants_json():
            return jsonify(
                **with_words(campaign),
                flash=flash_html({"text": "Mended.", "undo": undo, "is_in_place": True}),
            )
        flash_with_undo("Mended.", undo)
    return redirect(_back(campaign_id))


@bp.post("/campaigns/<campaign_id>/mends/<mend_id>/undo")
@requires(Role.EDITOR)
def take_back_mend(campaign_id: str, mend_id: str) -> ResponseReturnValue:
    """Put back what stood there before a mend."""
    campaign = campaign_of(campaign_id)
    with refusal_told():
        mending.take_back(campaign, mend_id)
        db.session.commit()
        if wants_json():
            return jsonify(**with_words(campaign), flash=flash_html("It is as it was before."))
        flash("It is as it was before.", "success")
    return redirect(_back(campaign_id))


@bp.get("/campaigns/<campaign_id>/seen-in/<client>")
def seen_in(campaign_id: str, client: str) -> ResponseReturnValue:
    """Show a mail without what a family of mail clients cannot show."""
    campaign = campaign_of(campaign_id)
    if client not in PREVIEWS:
        abort(404)
    try:
        rendered = look(campaign, chosen_reader(), locale=request.args.get("locale"))
    except Invalid as error:
        return framed(render_template("composing/problem.html", message=error.message))
    return framed(degrade(rendered.html, client))


def _back(campaign_id: str) -> str:
    """Return the page that the button was on."""
    page = ".review" if request.form.get("from") == "review" else ".edit"
    return url_for(page, campaign_id=campaign_id, _anchor="preflight")
