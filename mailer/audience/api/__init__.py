"""The audience for programs: lists, subscribers, tags, fields, imports; joining lists is consent's door."""

from mailer.audience.api import fields, imports, lists, notes, subscribers, tags
from mailer.audience.api.frame import bp

__all__ = ["bp", "fields", "imports", "lists", "notes", "subscribers", "tags"]
