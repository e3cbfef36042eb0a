import pytest

from mailer.audience.erase import erase_subscribers
from mailer.audience.fields import create_field, delete_field
from mailer.audience.models import FieldType, Subscriber
from mailer.audience.queries.growth import audience_size
from mailer.audience.subscribers import change_address, save_subscriber
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from tests import factories
from tests.factories import refreshed


def test_one_address_in_two_cases_is_one_subscriber(workspace):
    first, is_new = save_subscriber(workspace.id, "Rosa@Example.com", name="Rosa")
    second, is_new_again = save_subscriber(workspace.id, "rosa@example.com", locale="pt_BR")

    assert first.id == second.id
    assert (is_new, is_new_again) == (True, False)
    assert (second.email, second.name, second.locale) == ("Rosa@example.com", "Rosa", "pt-BR")


def test_another_workspace_has_its_own(workspace, other_workspace):
    ours, _ = save_subscriber(workspace.id, "rosa@example.com")
    theirs, is_new = save_subscriber(other_workspace.id, "rosa@example.com")

    assert is_new
    assert ours.id != theirs.id


def test_fields_and_tags_join_those_that_are_there(workspace):
    create_field(workspace.id, "City")
    create_field(workspace.id, "Loaves", type=FieldType.NUMBER)
    rosa, _ = save_subscriber(workspace.id, "rosa@example.com", fields={"city": "Porto"}, tags=["vip"])

    save_subscriber(workspace.id, "rosa@example.com", fields={"loaves": "3"}, tags=["VIP", "trade"])

    rosa = refreshed(rosa)
    assert rosa.fields == {"city": "Porto", "loaves": 3}
    assert [tag.name for tag in rosa.tags] == ["trade", "vip"]


def test_an_empty_value_is_forgotten(workspace):
    create_field(workspace.id, "City")
    rosa, _ = save_subscriber(workspace.id, "rosa@example.com", fields={"city": "Porto"})

    save_subscriber(workspace.id, "rosa@example.com", fields={"city": ""})

    assert rosa.fields == {}


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"name": "Rosa\r\nBcc: x@example.com"}, "name"),
        ({"name": "R" * 201}, "name"),
        ({"locale": "klingon"}, "locale"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"fields": {"unknown": "1"}}, "fields.unknown"),
        ({"fields": {"loaves": "many"}}, "fields.loaves"),
        ({"fields": {"loaves": [1, 2]}}, "fields.loaves"),
    ],
)
def test_what_does_not_fit_is_refused_by_field_and_nothing_is_saved(workspace, given, where):
    create_field(workspace.id, "Loaves", type=FieldType.NUMBER)

    with pytest.raises(Invalid) as caught:
        save_subscriber(workspace.id, "rosa@example.com", **given)

    assert where in caught.value.fields
    assert db.session.query(Subscriber).count() == 0


def test_an_address_that_is_taken_is_refused(workspace):
    save_subscriber(workspace.id, "ann@example.com")
    rosa, _ = save_subscriber(workspace.id, "rosa@example.com")

    with pytest.raises(Invalid):
        change_address(rosa, "Ann@example.com")
    change_address(rosa, "ROSA@example.com")

    assert rosa.email == "ROSA@example.com"


def test_erasing_touches_no_other_workspace(workspace, other_workspace):
    bread = factories.mailing_list(workspace)
    ours = factories.subscriber(workspace, on=bread)
    theirs = factories.subscriber(other_workspace)

    assert erase_subscribers(workspace.id, [ours.id, theirs.id], now=utcnow()) == 1
    assert refreshed(theirs) is not None
    assert audience_size(workspace.id) == 0


def test_deleting_a_field_forgets_its_values(workspace):
    city = create_field(workspace.id, "City")
    create_field(workspace.id, "Loaves")
    rosa, _ = save_subscriber(workspace.id, "rosa@example.com", fields={"city": "Porto", "loaves": "3"})

    delete_field(city)

    assert refreshed(rosa).fields == {"loaves": "3"}
