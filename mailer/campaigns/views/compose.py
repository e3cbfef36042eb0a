"""Writing a campaign."""

from dataclasses import replace

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.audience.queries.lists import counts_of
from mailer.audience.queries.narrowed import SubscriberFilter, select_subscribers
from mailer.campaigns import queries
from mailer.campaigns.draft import save_draft
from mailer.campaigns.forms import CampaignForm, TestForm, lists_to_choose
from mailer.campaigns.look import look, made_text, problems_of
from mailer.campaigns.models import Campaign
from mailer.campaigns.test_groups import group_by_id, groups_of
from mailer.campaigns.test_send import MOST_ADDRESSES, send_test
from mailer.campaigns.views.draft_answer import draft_answer
from mailer.campaigns.views.frame import bp, campaign_of, chosen_locale, chosen_reader
from mailer.composing.begin_design import begin_design
from mailer.composing.models import Format
from mailer.composing.queries import published_templates
from mailer.composing.views.frame import desk_for
from mailer.db import db
from mailer.errors import Invalid, MailerError
from mailer.lib.clock import utcnow
from mailer.lib.lines import clean_search
from mailer.rendering.blocks.read import read, written
from mailer.web.answers import not_saved, refusal_told, wants_json
from mailer.web.guards import requires
from mailer.web.headers import framed


@bp.get("/campaigns/<campaign_id>/edit")
@requires(Role.EDITOR)
def edit(campaign_id: str) -> ResponseReturnValue:
    """Show the editor."""
    campaign = campaign_of(campaign_id)
    if not campaign.is_editable:
        return redirect(url_for(".show", campaign_id=campaign_id))
    return _editor(campaign, CampaignForm.showing(campaign, campaign.words_in(chosen_locale())))


@bp.post("/campaigns/<campaign_id>")
@requires(Role.EDITOR)
def update(campaign_id: str) -> ResponseReturnValue:
    """Save a draft; the page does so by itself and takes JSON for an answer."""
    campaign = campaign_of(campaign_id)
    form = CampaignForm()
    try:
        if not form.validate():
            raise Invalid("Not everything could be saved.", fields={k: v[0] for k, v in form.errors.items()})
        _save(campaign, form)
        db.session.commit()
    except MailerError as error:
        db.session.rollback()
        if wants_json():
            return not_saved(error, revision=campaign.revision if campaign.is_editable else None)
        flash(error.message, "error")
        return _editor(campaign, form), 422
    if wants_json():
        return jsonify(draft_answer(campaign))
    flash("Draft saved.", "success")
    return redirect(url_for(".edit", campaign_id=campaign_id))


@bp.get("/campaigns/<campaign_id>/preview")
def preview(campaign_id: str) -> ResponseReturnValue:
    """Show the mail as one reader gets it: the draft's, or what was sent."""
    campaign = campaign_of(campaign_id)
    try:
        rendered = look(campaign, chosen_reader(), locale=request.args.get("locale"))
    except Invalid as error:
        return framed(render_template("composing/problem.html", message=error.message))
    if request.args.get("part") == "text":
        return framed(render_template("composing/text.html", rendered=rendered))
    return framed(rendered.html)


@bp.get("/campaigns/<campaign_id>/readers")
def readers(campaign_id: str) -> ResponseReturnValue:
    """Offer subscribers to preview for."""
    campaign_of(campaign_id)
    by = SubscriberFilter(search=clean_search(request.args.get("q", "")))
    found = db.session.scalars(select_subscribers(g.workspace.id, by).limit(8)).all()
    return render_template("campaigns/readers.html", readers=found)


@bp.post("/campaigns/<campaign_id>/test")
@requires(Role.EDITOR)
def test(campaign_id: str) -> ResponseReturnValue:
    """Mail the draft to a few addresses."""
    campaign = campaign_of(campaign_id)
    form = TestForm()
    with refusal_told("No test was sent: "):
        if not form.validate():
            raise Invalid(next(iter(form.errors.values()))[0])
        sent = send_test(
            campaign,
            form.addresses,
            groups=[group_by_id(g.workspace.id, each) for each in form.groups.data or []],
            reader=chosen_reader(form.reader.data),
            now=utcnow(),
            locale=chosen_locale(),
        )
        db.session.commit()
        told = ", ".join(sent) if len(sent) <= MOST_ADDRESSES else f"{len(sent)} addresses"
        flash(f"A test is on its way to {told}.", "success")
    return redirect(url_for(".edit" if campaign.is_editable else ".show", campaign_id=campaign_id))


def _save(campaign: Campaign, form: CampaignForm) -> None:
    draft = form.draft(g.workspace.id)
    words = campaign.words_in(chosen_locale())
    if draft.format is Format.DESIGN and draft.design is None and words.design is None:
        begun = begin_design(draft.template, words=words.body, written_in=words.format)
        draft = replace(draft, design=written(begun))
    begins_by_hand = draft.text == "" and words.text is None
    save_draft(campaign, draft, revision=form.revision.data, locale=chosen_locale())
    if begins_by_hand:
        # From what was made, not from an empty page.
        words.text = made_text(words)


def _editor(campaign: Campaign, form: CampaignForm) -> str:
    lists = lists_to_choose(g.workspace.id, campaign)
    words = campaign.words_in(chosen_locale())
    is_design = words.format is Format.DESIGN
    return render_template(
        "campaigns/edit.html",
        campaign=campaign,
        words=words,
        form=form,
        lists=lists,
        counts=counts_of(lists),
        templates=published_templates(g.workspace.id),
        senders=queries.senders_of(g.workspace.id),
        fields=fields_of(g.workspace.id),
        desk=desk_for(read(words.design or {})) if is_design else None,
        problems=problems_of(words),
        test_form=TestForm(formdata=None, to=current_user.email),
        test_groups=groups_of(g.workspace.id),
    )
