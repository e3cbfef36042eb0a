"""From a published template and a program's variables to the words of one message."""

from collections import OrderedDict
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final
from uuid import UUID

from mailer.accounts.models import Workspace
from mailer.composing.models import Template, TemplateVersion
from mailer.composing.queries import brand_of
from mailer.errors import Conflict, Invalid
from mailer.lib.colors import text_on
from mailer.rendering.brand import Brand
from mailer.rendering.design import Design, Frozen
from mailer.rendering.freeze import freeze
from mailer.rendering.language import PIXEL_URL
from mailer.rendering.merge import Rendered, Renderer
from mailer.rendering.variables import declared
from mailer.transactional.letter import Mailbox, wrong

_MOST_KEPT: Final = 200


class Filler:
    """One version of a template with one subject, frozen once for all messages that are written by it.

    :ivar variables: what it declares, and whether each has to be given
    """

    def __init__(self, design: Design) -> None:
        frozen = freeze(design, has_footer=False)
        self.variables = declared(frozen.subject, frozen.html, frozen.text)
        self._frozen: Frozen = frozen
        self._renderer = Renderer(frozen)

    def check(self, variables: Mapping[str, Any]) -> None:
        """Refuse variables that the template does not declare, and a lack of those that it needs.

        :raises Invalid: naming them
        """
        missing = [name for name, is_needed in self.variables.items() if is_needed and name not in variables]
        if missing:
            raise wrong("variables", f"The template needs {_listed(missing)}.")
        unknown = [name for name in variables if name not in self.variables]
        if unknown:
            near = get_close_matches(unknown[0], self.variables, n=1)
            guess = f" Did you mean “{near[0]}”?" if near else ""
            raise wrong("variables", f"The template has no variable {_listed(unknown)}.{guess}")

    def fill(self, values: Mapping[str, Any]) -> Rendered:
        """Return the message; links lead where they were written to.

        :raises Invalid: a value does not suit its tag
        """
        try:
            filled = self._renderer.render({**values, PIXEL_URL: ""})
        except Invalid as error:
            raise wrong("variables", error.message) from None
        return filled


_Key = tuple[UUID, str, str, str]
_kept: OrderedDict[_Key, Filler] = OrderedDict()


def filler_of(workspace: Workspace, template: Template, *, subject: str, content: str = "") -> Filler:
    """Return what fills the published version of a template in.

    :param content: HTML for the slot of a template that has one
    :raises Conflict: it was never published
    :raises Invalid: subject or content are not in the merge language
    """
    version = template.published
    if version is None:
        raise Conflict(f"The template “{template.name}” is not published.")
    brand = brand_of(workspace)
    if content:
        # What a program writes differs each time; keeping it would push out what comes again.
        return Filler(_design(version, template.format, subject, content, brand, workspace.locale))
    key = (version.id, subject, repr(brand), workspace.locale)
    filler = _kept.get(key)
    if filler is None:
        filler = Filler(_design(version, template.format, subject, content, brand, workspace.locale))
        _kept[key] = filler
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return filler


def variables_of(workspace: Workspace, template: Template, *, subject: str) -> Mapping[str, bool]:
    """Return what a template declares, and whether it has to be given; nothing while it is not published."""
    if template.published is None:
        return {}
    return filler_of(workspace, template, subject=subject).variables


def values_for(
    workspace: Workspace, reader: Mailbox, variables: Mapping[str, Any], *, person: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return what a template's tags say for one message.

    :param person: what is known of its reader, where they are a subscriber
    """
    known = dict(person or {})
    return {
        "subscriber": {
            "locale": "",
            "time_zone": "",
            "fields": {},
            "tags": [],
            "lists": [],
            **known,
            "name": reader.name or known.get("name", ""),
            "email": reader.email,
        },
        "workspace": {
            "name": workspace.name,
            "postal_address": workspace.postal_address,
            "accent_color": workspace.accent_color,
            "on_accent_color": text_on(workspace.accent_color),
        },
        "campaign": {"name": ""},
        "unsubscribe_url": "",
        "preferences_url": "",
        "view_url": "",
        "variables": dict(variables),
    }


def _design(
    version: TemplateVersion, format: str, subject: str, content: str, brand: Brand, language: str
) -> Design:
    return Design(
        subject=subject,
        preheader="",
        body="" if version.document is not None else content,
        format=format,
        layout=None if version.document is not None else version.html,
        document=version.document,
        brand=brand,
        language=language,
    )


def _listed(names: list[str]) -> str:
    return ", ".join(f"“{name[:60]}”" for name in names[:10])
