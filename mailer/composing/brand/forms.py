"""What a marketer chooses about the brand."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from mailer.accounts.models import Workspace
from mailer.composing.brand.save_brand import ROLES, Look
from mailer.composing.queries import brand_of
from mailer.rendering.blocks.document import FONT_NAMES

#: Colours by role, with what they are for.
COLORS = {
    "heading": ("Headings", ""),
    "text": ("Text", ""),
    "muted": ("Quiet text", "Captions and footers."),
    "link": ("Links", ""),
    "sheet": ("Sheet", "What the words stand on."),
    "page": ("Page", "Around the sheet."),
}


class BrandForm(FlaskForm):
    """The brand kit."""

    accent = StringField("Accent", [InputRequired("Choose a colour."), Length(max=7)])
    is_plain = BooleanField("Choose the other colours for me, so that everything can be read")
    heading = StringField(COLORS["heading"][0], [Length(max=7)])
    text = StringField(COLORS["text"][0], [Length(max=7)])
    muted = StringField(COLORS["muted"][0], [Length(max=7)])
    link = StringField(COLORS["link"][0], [Length(max=7)])
    sheet = StringField(COLORS["sheet"][0], [Length(max=7)])
    page = StringField(COLORS["page"][0], [Length(max=7)])
    font = SelectField("Text", choices=list(FONT_NAMES.items()))
    heading_font = SelectField("Headings", choices=list(FONT_NAMES.items()))
    logo_src = StringField("Address of the picture", [Length(max=2_000)])
    logo_alt = StringField("What it says", [Length(max=200)])
    logo_href = StringField("Where it leads", [Length(max=2_000)])
    logo_width = IntegerField(
        "Width in pixels", [InputRequired("Say how wide."), NumberRange(16, 600)], default=120
    )
    postal_address = TextAreaField("Postal address", [Length(max=300)])

    @classmethod
    def showing(cls, workspace: Workspace) -> "BrandForm":
        """Return the form as a workspace fills it in."""
        brand = brand_of(workspace)
        return cls(
            formdata=None,
            accent=brand.accent,
            is_plain=not brand.colors,
            **{role: brand.day(role) for role in COLORS},
            font=brand.font,
            heading_font=brand.heading_font,
            logo_src=brand.logo_src,
            logo_alt=brand.logo_alt,
            logo_href=brand.logo_href,
            logo_width=brand.logo_width,
            postal_address=workspace.postal_address,
        )

    def look(self) -> Look:
        """Return what was chosen."""
        chosen = {} if self.is_plain.data else {role: self[role].data or "" for role in ROLES if role in self}
        return Look(
            accent=self.accent.data or "",
            colors=chosen,
            font=self.font.data or "",
            heading_font=self.heading_font.data or "",
            logo_src=self.logo_src.data or "",
            logo_alt=self.logo_alt.data or "",
            logo_href=self.logo_href.data or "",
            logo_width=self.logo_width.data or 120,
            postal_address=self.postal_address.data or "",
        )
