"""Exports of other programs, with the headings that they really write."""

import io
import zipfile

import pytest

from mailer.audience.importing.origins import origin_of
from mailer.audience.models import Import, Subscriber, Subscription
from mailer.consent.models import Suppression
from mailer.db import db
from tests.audience.importing.conftest import run

MAILCHIMP = (
    "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,"
    "LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)

EXPORTS = {
    "Mailchimp": (
        f"{MAILCHIMP},UNSUB_TIME,UNSUB_REASON\n"
        "rosa@example.com,Rosa,Lima,2,2020-02-03 04:05:06,1.2.3.4,,,,,,,"
        'Europe/Lisbon,PT,,,1,a,,"""vip"",""b""",,\n'
        "gone@example.com,Gone,,2,2020-02-03 04:05:06,,,,,,,,,,,,2,b,,,2021-01-01 00:00:00,NORMAL\n"
    ),
    "listmonk": (
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        '1,rosa@example.com,Rosa Lima,"{""city"": ""Porto"", ""loaves"": 3}",enabled,2023-01-02T03:04:05Z,\n'
        "2,gone@example.com,Gone,{},blocklisted,2023-01-02T03:04:05Z,\n"
    ),
    "Brevo": (
        "CONTACT ID,EMAIL,FIRSTNAME,LASTNAME,SMS,EMAIL_BLACKLISTED,ADDED_TIME\n"
        "1,rosa@example.com,Rosa,Lima,351210000000,false,2023-01-02\n"
        "2,gone@example.com,,,,true,2023-01-02\n"
    ),
    "Ghost": (
        "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,"
        "labels,tiers\n"
        "m1,rosa@example.com,Rosa Lima,,true,false,,2024-01-15T10:00:00.000Z,,vip,\n"
        "m2,gone@example.com,Gone,,false,false,,2024-01-15T10:00:00.000Z,,,\n"
    ),
    "Substack": (
        "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
        "rosa@example.com,false,,other,false,2025-01-01T00:00:00.000Z,\n"
        "gone@example.com,true,2027-01-01,yearly,true,2025-01-01T00:00:00.000Z,2025-06-01\n"
    ),
    "Kit": (
        "first_name,email_address,state,created_at,tags\n"
        "Rosa,rosa@example.com,active,2025-03-03,vip\n"
        "Gone,gone@example.com,bounced,2025-03-03,\n"
    ),
    "Keila": (
        "Email,First name,Last name,Data,Status,External ID\n"
        'rosa@example.com,Rosa,Lima,"{""city"": ""Porto""}",active,\n'
        "gone@example.com,Gone,,,unreachable,\n"
    ),
    "Mautic": (
        "id,firstname,lastname,email,points,date_added,timezone,preferred_locale,donotcontact\n"
        "1,Rosa,Lima,rosa@example.com,3,2024-05-06 07:08:09,Europe/Lisbon,pt,no\n"
        "2,Gone,,gone@example.com,0,2024-05-06 07:08:09,,,yes\n"
    ),
}


def subscribed():
    return [row.email for row in db.session.query(Subscriber).join(Subscription)]


def suppressed():
    return {row.email_key: row.reason.value for row in db.session.query(Suppression)}


@pytest.mark.parametrize("name", EXPORTS)
def test_who_left_elsewhere_is_suppressed_and_never_subscribed(upload, begin, name):
    source = upload(EXPORTS[name])
    assert source.origin == name

    source = run(begin(source))

    assert subscribed() == ["rosa@example.com"]
    assert list(suppressed()) == ["gone@example.com"]
    assert (source.added_count, source.departed_count, source.refused_count) == (1, 1, 0)
    rosa = db.session.query(Subscriber).one()
    assert name == "Substack" or rosa.name.startswith("Rosa")
    if name in {"listmonk", "Keila"}:
        assert rosa.fields["city"] == "Porto"
    if name == "Mailchimp":
        assert [tag.name for tag in rosa.tags] == ["b", "vip"]
        assert rosa.subscriptions[0].started_at.year == 2020


def test_a_zip_of_one_file_a_status_is_read_as_one(upload, begin):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("subscribed_members_export_1.csv", f"{MAILCHIMP}\nrosa@example.com,Rosa\n")
        archive.writestr(
            "unsubscribed_members_export_1.csv",
            f"{MAILCHIMP},UNSUB_TIME\ngone@example.com,Gone\nrosa@example.com,Rosa\n",
        )
        archive.writestr("cleaned_members_export_1.csv", f"{MAILCHIMP},CLEAN_TIME\ndead@example.com,Dead\n")
        archive.writestr("__MACOSX/._cleaned.csv", "junk")

    source = run(begin(upload(packed.getvalue(), "export.zip")))

    assert source.row_count == 4
    assert subscribed() == []
    assert suppressed() == {
        "gone@example.com": "unsubscribed",
        "rosa@example.com": "unsubscribed",
        "dead@example.com": "hard_bounce",
    }


@pytest.mark.parametrize("status", ["pending", "unconfirmed", "nonsubscribed", "whatever"])
def test_who_never_agreed_is_refused(upload, begin, status):
    source = upload(f"email,status\nrosa@example.com,{status}\n")

    source = run(begin(source, mapping={"0": "email", "1": "status"}))

    assert (subscribed(), suppressed(), source.refused_count) == ([], {}, 1)


def test_a_suppression_list_suppresses_everyone(upload, begin):
    source = run(begin(upload("email\nrosa@example.com\nsam@example.com\n"), is_suppression_list=True))

    assert db.session.query(Subscriber).count() == 0
    assert suppressed() == {"rosa@example.com": "imported", "sam@example.com": "imported"}
    assert source.departed_count == 2


def test_a_file_of_our_own_is_nobodys(upload):
    assert origin_of(["email", "name", "city"]) is None
    assert db.session.query(Import).count() == 0
