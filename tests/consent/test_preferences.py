from datetime import timedelta

import pytest

from mailer.audience.fields import create_field
from mailer.audience.models import Editor, SubscriptionStatus, Visibility
from mailer.consent.preferences import offers_for, own_fields, pause, resume, save_details, save_preferences
from mailer.consent.subscribe import subscription_of
from mailer.errors import Invalid
from tests import factories
from tests.consent.conftest import BY_PREFERENCE, NOON, acts_of


def test_the_page_offers_public_lists_and_private_ones_that_they_are_on(
    workspace, other_workspace, reader, bread
):
    factories.mailing_list(workspace, "Staff", visibility=Visibility.PRIVATE)
    trade = factories.mailing_list(workspace, "Trade", visibility=Visibility.PRIVATE)
    factories.subscription(reader, trade)
    factories.mailing_list(workspace, "Old", archived_at=NOON)
    factories.mailing_list(other_workspace, "Cheese")

    assert [offer.list.name for offer in offers_for(reader)] == ["Weekly bread", "Trade"]


def test_ticks_join_and_leave(workspace, reader, bread):
    cake = factories.mailing_list(workspace, "Cake")
    factories.subscription(reader, bread)

    save_preferences(reader, list_ids={cake.id}, days_between=7, evidence=BY_PREFERENCE, now=NOON)

    assert subscription_of(reader, bread).status is SubscriptionStatus.UNSUBSCRIBED
    assert subscription_of(reader, cake).is_active
    assert reader.days_between == 7
    assert sorted(acts_of(reader)) == ["subscribed", "unsubscribed"]


def test_a_list_that_is_not_offered_cannot_be_joined(workspace, other_workspace, reader, bread):
    hidden = factories.mailing_list(workspace, "Staff", visibility=Visibility.PRIVATE)
    foreign = factories.mailing_list(other_workspace, "Cheese")

    save_preferences(reader, list_ids={hidden.id, foreign.id}, evidence=BY_PREFERENCE, now=NOON)

    assert subscription_of(reader, hidden) is None
    assert subscription_of(reader, foreign) is None


def test_a_pause_ends_by_itself_or_when_asked(reader):
    pause(reader, "2w", evidence=BY_PREFERENCE, now=NOON)
    assert reader.paused_until == NOON + timedelta(weeks=2)

    resume(reader, evidence=BY_PREFERENCE, now=NOON + timedelta(days=1))

    assert reader.paused_until is None
    assert acts_of(reader) == ["paused", "resumed"]


def test_no_other_pause_can_be_had(reader):
    with pytest.raises(Invalid):
        pause(reader, "99y", evidence=BY_PREFERENCE, now=NOON)


def test_a_person_changes_what_is_theirs_and_empties_nothing_that_is_required(workspace, reader):
    create_field(workspace.id, "City", editor=Editor.PERSON, is_required=True)
    create_field(workspace.id, "Score", editor=Editor.STAFF)
    create_field(workspace.id, "Bread")

    assert [field.key for field in own_fields(reader)] == ["city"]
    save_details(reader, fields={"city": ""})
    save_details(reader, fields={"city": "Porto", "score": "10", "bread": "rye"})
    with pytest.raises(Invalid):
        save_details(reader, fields={"city": " "})

    assert reader.fields == {"city": "Porto"}
