"""What a page that shows a draft is told whenever the draft has changed."""

import json
from dataclasses import asdict
from typing import Any

from mailer.campaigns.look import problems_of
from mailer.campaigns.models import Campaign
from mailer.campaigns.views.frame import chosen_locale
from mailer.campaigns.views.readers import misspelt_tags
from mailer.rendering.language import without_tags
from mailer.web.filters import local_time


def draft_answer(campaign: Campaign) -> dict[str, Any]:
    """Return how a draft stands, in the language that the page is about."""
    words = campaign.words_in(chosen_locale())
    misspelt = {
        part: [{**asdict(found), "message": found.message} for found in findings]
        for part, findings in misspelt_tags(words).items()
    }
    return {
        "revision": campaign.revision,
        "message": f"Saved {local_time(campaign.updated_at, 'HH:mm')}",
        "inbox": {
            "subject": words.subject_line,
            "preheader": without_tags(words.preheader),
            "who": campaign.who,
        },
        "misspelt": misspelt,
        "problems": problems_of(words),
    }


def with_words(campaign: Campaign) -> dict[str, Any]:
    """Return that, and what the fields of the page hold from now on: the server has changed them."""
    words = campaign.words_in(chosen_locale())
    fields = {name: getattr(words, name) for name in ("subject", "preheader", "body", "text")}
    fields["design"] = json.dumps(words.design) if words.design else ""
    return {**draft_answer(campaign), "words": fields}
