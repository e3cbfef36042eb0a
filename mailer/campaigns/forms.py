"""What marketers type about a campaign."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    DateTimeLocalField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length
from wtforms.widgets import HiddenInput

from mailer.accounts.models import Workspace
from mailer.audience.models import MailingList
from mailer.audience.queries.lists import current_lists, lists_by_ids
from mailer.campaigns.click_tags import LinkTags
from mailer.campaigns.draft import Draft
from mailer.campaigns.models import Campaign, CampaignVariant
from mailer.composing.begin_design import begin_design
from mailer.composing.models import Format
from mailer.composing.queries import published_templates, template_by_id
from mailer.rendering.adopt import adopt
from mailer.rendering.blocks.read import written
from mailer.rendering.language import LONGEST_SOURCE

NO_TEMPLATE = "none"
#: What a campaign may be written in, by the words for it.
FORMATS = {
    Format.DESIGN.value: "Blocks",
    Format.MARKDOWN.value: "Markdown",
    Format.MJML.value: "MJML",
    Format.HTML.value: "HTML",
}
GENERATED, BY_HAND = "generated", "by_hand"


class CampaignForm(FlaskForm):
    """A draft. Half an address is saved too: what is wrong is said before sending, not while typing."""

    revision = IntegerField(widget=HiddenInput())
    name = StringField("Name", [Length(max=200)], description="Only you and your colleagues see it.")
    subject = StringField("Subject", [Length(max=998)])
    preheader = StringField(
        "Preheader", [Length(max=500)], description="The inbox’s second line, after the subject."
    )
    from_name = StringField("From", [Length(max=120)])
    from_email = StringField("Address", [Length(max=320)])
    reply_to = StringField("Replies to", [Length(max=320)])
    lists = SelectMultipleField("Lists", validate_choice=False)
    template = SelectField("Design", validate_choice=False)
    format = RadioField("Written in", choices=list(FORMATS.items()))
    design = HiddenField()
    body = TextAreaField("Words", [Length(max=LONGEST_SOURCE)])
    text_mode = RadioField(
        "Text part", choices=[(GENERATED, "Made from the words"), (BY_HAND, "Written by hand")]
    )
    text = TextAreaField("Text part", [Length(max=LONGEST_SOURCE)])

    @classmethod
    def showing(cls, campaign: Campaign, words: Campaign | CampaignVariant | None = None) -> "CampaignForm":
        """Return the form as a campaign fills it in.

        :param words: what it says in the language that is looked at
        """
        words = words or campaign
        form = cls(formdata=None, obj=campaign)
        for name in ("subject", "preheader", "body", "text"):
            form[name].data = getattr(words, name)
        form.lists.data = [one.public_id for one in campaign.lists]
        form.template.data = words.template.public_id if words.template else NO_TEMPLATE
        form.format.data = words.format.value
        form.design.data = json.dumps(words.design) if words.design else ""
        form.text_mode.data = GENERATED if words.text is None else BY_HAND
        return form

    def draft(self, workspace_id: UUID) -> Draft:
        """Return what was typed as a draft.

        :raises NotFound: a list or the template is not the workspace's
        """
        chosen = self.template.data
        return Draft(
            name=self.name.data or "",
            subject=self.subject.data or "",
            preheader=self.preheader.data or "",
            from_name=self.from_name.data or "",
            from_email=self.from_email.data or "",
            reply_to=self.reply_to.data or "",
            format=Format(self.format.data or Format.MARKDOWN),
            body=self.body.data or "",
            design=self.design.data or None,
            text=(self.text.data or "") if self.text_mode.data == BY_HAND else None,
            template=template_by_id(workspace_id, chosen) if chosen and chosen != NO_TEMPLATE else None,
            lists=lists_by_ids(workspace_id, self.lists.data or []),
        )


class NewCampaignForm(FlaskForm):
    """The beginning of a campaign."""

    name = StringField("Name", [Length(max=200)], description="Only you and your colleagues see it.")
    format = RadioField("How will you write it?", choices=list(FORMATS.items()), default=Format.DESIGN.value)
    template = RadioField("Begin with", validate_choice=False)
    body = TextAreaField("Paste it here", [Length(max=LONGEST_SOURCE)])

    def offer(self, workspace_id: UUID) -> None:
        """Offer the workspace's templates, and to begin without one."""
        choices = [(template.public_id, template.name) for template in published_templates(workspace_id)]
        self.template.choices = [*choices, (NO_TEMPLATE, "An empty page")]
        if self.template.data is None:
            self.template.data = self.template.choices[0][0]

    def beginning(self, workspace_id: UUID) -> dict[str, Any]:
        """Return what a draft begins with: its format, template, and what follows from them.

        :raises NotFound: the template is not the workspace's
        """
        format_, chosen = Format(self.format.data), self.template.data
        template = template_by_id(workspace_id, chosen) if chosen and chosen != NO_TEMPLATE else None
        if format_ is Format.DESIGN:
            return {"format": format_, "template": template, "design": written(begin_design(template))}
        if format_ is Format.MARKDOWN:
            return {"format": format_, "template": template}
        adopted = adopt(self.body.data or "")
        return {"format": format_, "body": adopted.source, "subject": adopted.subject}


class TestForm(FlaskForm):
    """Where a test goes."""

    to = StringField("Send to", description="Up to five, with commas between.")
    groups = SelectMultipleField("And to", validate_choice=False)
    reader = HiddenField()

    @property
    def addresses(self) -> list[str]:
        """The addresses one by one."""
        return (self.to.data or "").replace(";", ",").replace("\n", ",").split(",")


class TestGroupForm(FlaskForm):
    """Addresses that tests go to together."""

    name = StringField("Name", [DataRequired("Give it a name."), Length(max=80)])
    addresses = TextAreaField("Addresses", [DataRequired("Write at least one address."), Length(max=20_000)])

    @property
    def lines(self) -> list[str]:
        """The addresses one by one."""
        return re.split(r"[\s,;]+", self.addresses.data or "")


class ScheduleForm(FlaskForm):
    """When a campaign leaves, in the workspace's zone."""

    at = DateTimeLocalField(
        "Day and time",
        [InputRequired("Choose a day and a time.")],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )

    def moment(self, workspace: Workspace) -> datetime:
        """Return the chosen time in UTC."""
        assert self.at.data is not None
        return self.at.data.replace(tzinfo=ZoneInfo(workspace.time_zone)).astimezone(UTC)


def lists_to_choose(workspace_id: UUID, campaign: Campaign) -> list[MailingList]:
    """Return the lists that a campaign can go to: the current ones, and those that it has."""
    current = list(current_lists(workspace_id))
    return [*current, *(one for one in campaign.lists if one not in current)]


def link_tags_in(form: MultiDict[str, str]) -> list[LinkTags]:
    """Return what was typed beside each link: tags with commas between."""
    typed = zip(form.getlist("link"), form.getlist("tags"), strict=False)
    return [LinkTags(link, tags.split(",")) for link, tags in typed]
