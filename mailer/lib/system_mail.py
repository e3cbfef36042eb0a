"""A mail that we send ourselves, as the room that wants it describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class SystemMail:
    """One mail to one person, written from a folder of ``templates/emails``.

    :param template: the folder's name; it holds ``subject.txt``, ``body.txt`` and ``body.html``
    :param workspace_id: whose look and transport it has
    :param values: what its templates are filled with; plain values only
    :param subscriber_id: the subscriber that it goes to, when it goes to one
    :param language: what it speaks, of ``web/languages.py``; empty for mails that are in English only
    """

    template: str
    workspace_id: UUID
    to: str
    values: Mapping[str, Any] = field(default_factory=dict)
    subscriber_id: UUID | None = None
    language: str = ""
