"""Acts and channels in words for people."""

from typing import Final

from mailer.consent.models import Act, Channel, Why

#: What someone did: its icon, its words before a list's name, how it is coloured.
ACTS: Final = {
    Act.REQUESTED: ("mail-question", "Asked to join", "warn"),
    Act.SUBSCRIBED: ("user-check", "Subscribed to", "good"),
    Act.CONFIRMED: ("circle-check", "Confirmed", "good"),
    Act.UNSUBSCRIBED: ("user-minus", "Unsubscribed from", "bad"),
    Act.PAUSED: ("mail-pause", "Began a pause", "warn"),
    Act.RESUMED: ("player-play", "Ended the pause", "good"),
}
WAYS: Final = {
    Channel.SIGNUP_PAGE: "on a sign-up page",
    Channel.CONFIRMATION_PAGE: "on the confirmation page",
    Channel.PREFERENCE_PAGE: "on the preference page",
    Channel.LINK: "by a link in a mail",
    Channel.ONE_CLICK: "by one click in the mail program",
    Channel.IMPORT: "by an import",
    Channel.STAFF: "by a member of staff",
    Channel.API: "by the API",
    Channel.COMPLAINT: "by a spam complaint",
}
WHYS: Final = {
    Why.TOO_MANY: "too many mails",
    Why.NOT_INTERESTING: "not interesting",
    Why.NEVER_ASKED: "never asked for them",
    Why.BADLY_SHOWN: "looked wrong",
    Why.OTHER: "another reason",
}
