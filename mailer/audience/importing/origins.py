"""The exports of other programs, recognised by their headings, and what their words mean to us."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from mailer.audience.models import Departure

#: Headings that people write, in several languages, by what they mean.
_WRITTEN: Final = {
    "email": "email e_mail email_address e_mail_address mail address emailaddress email_id e_mail_adresse "
    "mailadresse e_mail_1_value correo correo_electronico courriel adresse_e_mail adresse_email e_post "
    "epost indirizzo_email subscriber_email your_email",
    "name": "name full_name fullname contact_name display_name your_name subscriber_name nombre nom nome "
    "namn",
    "first_name": "first_name firstname given_name vorname prenom nombre_de_pila fname fornamn voornaam",
    "last_name": "last_name lastname surname family_name nachname nom_de_famille apellido apellidos lname "
    "efternamn achternaam",
    "locale": "locale language lang sprache langue idioma preferred_locale",
    "time_zone": "time_zone timezone zeitzone fuseau_horaire",
    "external_id": "external_id externalid customer_id customer_number kundennummer",
    "tags": "tags tag labels schlagworte etiquetas",
    "subscribed": "subscribed accepts_email_marketing accepts_marketing email_marketing_consent opted_in",
    "blocked": "unsubscribed blacklisted blocklisted email_blacklisted do_not_contact do_not_email",
    "joined_at": "subscribed_at date_subscribed subscribed_on opt_in_date date_registered",
    "left_at": "unsubscribed_at date_unsubscribed unsubscribed_on",
}
MEANING_OF: Final = {word: meaning for meaning, words in _WRITTEN.items() for word in words.split()}


@dataclass(frozen=True)
class Origin:
    """A program that people leave, and how its exports are written.

    :param signatures: keys of headings; a file that has all of one is this program's
    :param columns: what a heading means here, by its key
    :param noise: keys of headings that say nothing of the person
    """

    name: str
    signatures: tuple[frozenset[str], ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    noise: frozenset[str] = frozenset()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _keys(*lines: str) -> tuple[frozenset[str], ...]:
    return tuple(map(_words, lines))


ORIGINS: Final = (
    Origin(
        "Mailchimp",
        _keys("member_rating optin_time", "email_address leid euid", "email_address unsub_time unsub_reason"),
        {
            "optin_time": "joined_at",
            "confirm_time": "joined_at",
            "unsub_time": "left_at",
            "clean_time": "bounced_at",
            "status": "status",
        },
        _words(
            "member_rating optin_ip confirm_ip latitude longitude gmtoff dstoff cc region last_changed "
            "leid euid notes unsub_campaign_title unsub_campaign_id unsub_reason unsub_reason_other "
            "clean_campaign_title clean_campaign_id"
        ),
    ),
    Origin(
        "listmonk",
        _keys("uuid email name attributes status", "uuid email attribs status"),
        {"attributes": "json", "attribs": "json", "status": "status", "created_at": "joined_at"},
        frozenset({"uuid", "id", "updated_at"}),
    ),
    Origin(
        "Brevo",
        _keys(
            "contact_id email",
            "email email_blacklisted",
            "email email_blacklist",
            "email sms whatsapp",
            "email added_time modified_time",
        ),
        {
            "email_blacklisted": "blocked",
            "email_blacklist": "blocked",
            "blacklisted": "blocked",
            "added_time": "joined_at",
            "created_at": "joined_at",
        },
        _words(
            "contact_id id sms_blacklisted sms_blacklist modified_time modified_at "
            "whatsapp_blacklisted list_ids"
        ),
    ),
    Origin(
        "Ghost",
        _keys(
            "email subscribed_to_emails complimentary_plan", "email subscribed_to_emails stripe_customer_id"
        ),
        {"subscribed_to_emails": "subscribed", "created_at": "joined_at", "labels": "tags"},
        _words("id complimentary_plan stripe_customer_id deleted_at tiers products gift_id"),
    ),
    Origin(
        "Substack",
        _keys(
            "email active_subscription email_disabled",
            "email active_subscription expiry",
            "email stripe_plan start_date activity",
        ),
        # An “active subscription” there is one that is paid for.
        {"email_disabled": "blocked", "created_at": "joined_at", "start_date": "joined_at"},
        _words("expiry first_payment_at cancel_date paid_upgrade_date prefer_digests bestseller"),
    ),
    Origin(
        "Kit",
        _keys("first_name email_address state created_at", "first_name email state created_at tags"),
        {"state": "status", "created_at": "joined_at"},
        frozenset({"id", "subscriber_id"}),
    ),
    Origin(
        "Keila",
        _keys("email first_name last_name data status", "email first_name last_name data external_id"),
        {"data": "json", "status": "status"},
        frozenset({"id"}),
    ),
    Origin(
        "Mautic",
        _keys("firstname lastname email points", "firstname lastname email attribution"),
        {
            "donotcontact": "blocked",
            "dnc": "blocked",
            "donotemail": "blocked",
            "date_identified": "joined_at",
            "date_added": "joined_at",
        },
        _words(
            "id attribution attribution_date last_active is_published owner_id stage points_total "
            "dateadded datemodified createdby modifiedby"
        ),
    ),
    # Our own: what is suppressed stays so, for the same reason, at the same time, in the same stream.
    Origin(
        "Mailer",
        _keys("email_address status unsubscribed_at reason detail stream source"),
        {"unsubscribed_at": "left_at", "reason": "status", "detail": "detail", "stream": "stream"},
        frozenset({"status", "source"}),
    ),
    # Our own: what a list was exported as comes back unchanged.
    Origin(
        "Mailer",
        _keys("email_address name language time_zone status subscribed_at unsubscribed_at tags"),
        {
            "language": "locale",
            "status": "status",
            "subscribed_at": "joined_at",
            "unsubscribed_at": "left_at",
        },
        _words(
            "lists suppressed consent confirmed_at last_opened_at last_clicked_at received opened "
            "clicked added_at paused_until id"
        ),
    ),
)


def origin_of(keys: Iterable[str]) -> Origin | None:
    """Return the program that a file with these headings comes from, or None."""
    have = frozenset(keys)
    return next((one for one in ORIGINS if any(have >= signature for signature in one.signatures)), None)


#: They asked for mails there; waiting to confirm, or never asked, is something else.
TAKEN: Final = None
_STATUSES: Final[dict[Departure | str | None, str]] = {
    TAKEN: "subscribed active enabled confirmed optin opted_in opt_in yes true 1 on",
    Departure.UNSUBSCRIBED: "unsubscribed cancelled canceled opted_out opt_out optout left disabled no "
    "false 0",
    Departure.HARD_BOUNCE: "cleaned bounced hard_bounced hard_bounce bounce unreachable undeliverable "
    "invalid",
    Departure.COMPLAINT: "complained complaint spam abuse abuse_complaint marked_as_spam spam_complaint",
    Departure.MANUAL: "manual",
    Departure.IMPORTED: "imported blocklisted blacklisted blocked banned suppressed do_not_contact archived",
    "waiting": "pending unconfirmed nonsubscribed non_subscribed transactional inactive not_subscribed",
}
_STATUS_OF: Final = {word: outcome for outcome, words in _STATUSES.items() for word in words.split()}


class UnknownStatus(ValueError):
    """A word that is nobody's status."""


def departure_of(status: str) -> Departure | None:
    """Return why somebody with a status elsewhere is not to be mailed, or None when they may be.

    :raises UnknownStatus: it is no status, or one that says neither
    """
    key = "_".join(status.strip().casefold().replace("-", " ").replace("_", " ").split())
    outcome = _STATUS_OF.get(key, "unknown")
    if isinstance(outcome, Departure) or outcome is TAKEN:
        return outcome
    raise UnknownStatus(outcome)


def is_status(text: str) -> bool:
    """Whether a word is somebody's status."""
    try:
        departure_of(text)
    except UnknownStatus as error:
        return str(error) == "waiting"
    return True


def status_in_name(name: str) -> str:
    """Return the status that a file's name tells of all its rows: Mailchimp exports one file a status."""
    words = name.casefold().replace("-", "_").split("_")
    return next(
        (word for word in ("unsubscribed", "cleaned", "nonsubscribed", "bounced") if word in words), ""
    )
