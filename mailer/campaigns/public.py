"""A draft's preview, for whoever holds its link: to look at, and to say something about."""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from mailer.campaigns.look import look
from mailer.campaigns.models import PreviewLink
from mailer.campaigns.share_preview import comment_on, comments_on, shared_by
from mailer.composing.preview import SAMPLE_READER
from mailer.db import db
from mailer.errors import Invalid, MailerError, NotFound
from mailer.lib.clock import utcnow
from mailer.rendering.locales import language_name
from mailer.rendering.merge import Rendered
from mailer.web.headers import framed
from mailer.web.languages import speak
from mailer.web.limits import limiter

bp = Blueprint("previews", __name__)

_COMMENTS_PER_HOUR = "30 per hour"


@bp.before_request
def speak_english() -> None:
    """Speak as the app does; whoever was sent a link has no way into it, though, not even from an error."""
    speak("en")


@bp.after_request
def keep_private(response: Response) -> Response:
    """Keep the link out of caches, of search engines and of other sites' logs."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("/r/<token>")
def show(token: str) -> ResponseReturnValue:
    """Show a draft, and what was said about it."""
    return _page(_link(token), token)


@bp.get("/r/<token>/mail")
def mail(token: str) -> ResponseReturnValue:
    """Answer with the mail alone, filled in for nobody in particular."""
    link = _link(token)
    try:
        rendered = look(link.campaign, SAMPLE_READER, locale=request.args.get("locale", ""))
    except NotFound:
        raise
    except Invalid as error:
        return framed(render_template("composing/problem.html", message=error.message))
    return framed(rendered.html)


@bp.post("/r/<token>/comments")
@limiter.limit(_COMMENTS_PER_HOUR)
def comment(token: str) -> ResponseReturnValue:
    """Keep what somebody says about it."""
    link = _link(token)
    try:
        comment_on(
            link.campaign,
            request.form.get("text", ""),
            author=request.form.get("author", ""),
            locale=request.form.get("locale", ""),
            link=link,
        )
        db.session.commit()
    except NotFound:
        raise
    except MailerError as error:
        db.session.rollback()
        return _page(_link(token), token, problem=error.message), 422
    return _page(link, token, is_said=True)


def _link(token: str) -> PreviewLink:
    return shared_by(token, now=utcnow())


def _page(link: PreviewLink, token: str, *, problem: str = "", is_said: bool = False) -> str:
    campaign = link.campaign
    locale = request.values.get("locale", "")
    return render_template(
        "campaigns/shared.html",
        campaign=campaign,
        workspace=campaign.workspace,
        locale=locale,
        locales=[("", language_name(campaign.workspace.locale)), *_languages(link)],
        line=_inbox_line(link, locale),
        comments=comments_on(campaign),
        token=token,
        expires_at=link.expires_at,
        problem=problem,
        is_said=is_said,
    )


def _languages(link: PreviewLink) -> list[tuple[str, str]]:
    return [(variant.locale, variant.language) for variant in link.campaign.variants]


def _inbox_line(link: PreviewLink, locale: str) -> Rendered | None:
    try:
        return look(link.campaign, SAMPLE_READER, locale=locale)
    except NotFound:
        raise
    except Invalid:
        return None
