"""What the configured spam filter thinks of a draft, as one reader would get it."""

from datetime import datetime
from typing import Final

from mailer.campaigns.models import Campaign, CampaignVariant
from mailer.campaigns.words import design_of
from mailer.composing.preview import fill_in, shared_values
from mailer.current import settings
from mailer.delivery.engine.header_fields import header
from mailer.delivery.engine.mime import FormLetter
from mailer.errors import Invalid
from mailer.lib.ids import uuid7
from mailer.lib.spam_filters import Verdict, judge
from mailer.rendering.freeze import freeze
from mailer.rendering.samples import SAMPLE_READER

_NOBODY: Final = "sender@example.com"


def judge_spam(words: Campaign | CampaignVariant, *, now: datetime) -> Verdict | None:
    """Return what the filter thinks of a draft in one language; none when no filter is configured.

    :raises Invalid: the draft cannot be made into a mail, or the filter does not answer
    """
    url = settings().spam_filter_url
    return judge(url, letter_of(words, now=now)) if url else None


def letter_of(words: Campaign | CampaignVariant, *, now: datetime) -> bytes:
    """Return a draft as a whole message to nobody in particular.

    :raises Invalid: it cannot be made into one
    """
    if not words.subject:
        raise Invalid("Write a subject first.")
    campaign = words.campaign if isinstance(words, CampaignVariant) else words
    rendered = fill_in(
        freeze(design_of(words)), shared_values(campaign.name, campaign.workspace), SAMPLE_READER
    )
    address = campaign.from_email if "@" in campaign.from_email else _NOBODY
    identifier = uuid7().hex
    letter = FormLetter(
        from_name=campaign.from_name, from_email=address, boundary=identifier, reply_to=campaign.reply_to
    )
    head = letter.head(
        to=str(SAMPLE_READER["email"]),
        subject=rendered.subject,
        message_id=f"{identifier}@{address.rpartition('@')[2]}",
        date=now,
        headers=header("List-Unsubscribe", "<https://example.com/unsubscribe>"),
    )
    return head + b"\r\n" + letter.write([rendered.text], [rendered.html])
