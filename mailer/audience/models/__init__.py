"""Mailing lists, subscribers, subscriptions, fields, tags and imports."""

from mailer.audience.models.fields import Editor, Field, FieldType
from mailer.audience.models.imports import (
    UNDO_FOR,
    Departure,
    Existing,
    Import,
    ImportChange,
    ImportRefusal,
    ImportStatus,
)
from mailer.audience.models.lists import ListDay, MailingList, OptIn, Visibility
from mailer.audience.models.subscribers import (
    AddressChange,
    AudienceDay,
    Erasure,
    Note,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    Tag,
    subscriber_tags,
)

__all__ = [
    "UNDO_FOR",
    "AddressChange",
    "AudienceDay",
    "Departure",
    "Editor",
    "Erasure",
    "Existing",
    "Field",
    "FieldType",
    "Import",
    "ImportChange",
    "ImportRefusal",
    "ImportStatus",
    "ListDay",
    "MailingList",
    "Note",
    "OptIn",
    "Subscriber",
    "Subscription",
    "SubscriptionStatus",
    "Tag",
    "Visibility",
    "subscriber_tags",
]
