import pytest

from mailer.audience.models import Field, FieldType
from mailer.campaigns.readers import through_readers
from mailer.errors import Invalid
from tests import factories


@pytest.fixture
def bread(workspace):
    return factories.mailing_list(workspace)


def test_what_is_missing_is_told_with_whom_it_concerns(workspace, other_workspace, bread):
    factories.subscriber(workspace, "a@example.com", on=bread, name="Ana", fields={"city": "Rome"})
    factories.subscriber(workspace, "b@example.com", on=bread, name="Ben")
    factories.subscriber(workspace, "c@example.com", on=bread)
    factories.subscriber(other_workspace, "d@example.com", on=factories.mailing_list(other_workspace))
    campaign = factories.campaign(
        workspace,
        lists=[bread],
        body="{{ subscriber.name }} of {{ subscriber.fields.city }}{{ subscriber.list }}",
    )

    found = through_readers(campaign)

    assert found.looked_at == 3
    assert [(gap.name, gap.count) for gap in found.gaps] == [
        ("subscriber.fields.city", 2),
        ("subscriber.name", 1),
    ]
    assert [person.email for person in found.gaps[1].examples] == ["c@example.com"]
    assert not found.failures


def test_a_large_audience_is_sampled(workspace, bread):
    for number in range(80):
        factories.subscriber(workspace, f"reader-{number}@example.com", on=bread)
    campaign = factories.campaign(workspace, lists=[bread], body="{{ subscriber.name }}")

    found = through_readers(campaign)

    assert found.looked_at == 50
    assert found.gaps[0].count == 50


def test_a_tag_that_does_not_suit_somebody_is_a_failure(workspace, bread):
    factories.subscriber(workspace, "a@example.com", on=bread, fields={"age": 30})
    factories.subscriber(workspace, "b@example.com", on=bread, fields={"age": "old"})
    campaign = factories.campaign(
        workspace, lists=[bread], body="{% if subscriber.fields.age > 18 %}grown{% endif %}"
    )

    found = through_readers(campaign)

    [(reason, person)] = found.failures.items()
    assert "does not suit" in reason
    assert person.email == "b@example.com"


def test_a_draft_that_cannot_be_read_says_why(workspace, bread):
    campaign = factories.campaign(workspace, lists=[bread], body="{{ subscriber.nmae }}")

    with pytest.raises(Invalid, match=r"subscriber\.name"):
        through_readers(campaign)


def test_a_misspelt_field_is_told_when_the_draft_is_saved(workspace, ben, sign_in, bread):
    factories.add(Field(workspace_id=workspace.id, key="city", label="City", type=FieldType.TEXT))
    campaign = factories.campaign(workspace, lists=[bread])
    browser = sign_in(ben)

    answer = browser.post(
        f"/w/bakery/campaigns/{campaign.public_id}",
        data={
            "revision": "1",
            "format": "markdown",
            "text_mode": "generated",
            "subject": "For {{ subscriber.fields.city }}",
            "body": "Hello\n\n{{ subscriber.fields.ctiy }}",
        },
        headers={"Accept": "application/json"},
    )

    [found] = answer.json["misspelt"]["body"]
    assert list(answer.json["misspelt"]) == ["body"]
    assert found["line"] == 3
    assert found["suggestion"] == "subscriber.fields.city"
    assert "Did you mean" in found["message"]


def test_the_picker_has_the_workspaces_fields(workspace, other_workspace, ben, sign_in):
    factories.add(Field(workspace_id=workspace.id, key="born", label="Born", type=FieldType.DATE))
    factories.add(Field(workspace_id=other_workspace.id, key="cheese", label="Cheese", type=FieldType.TEXT))

    groups = sign_in(ben).get("/w/bakery/merge-tags").json["groups"]

    tags = {tag["path"]: tag for group in groups for tag in group["tags"]}
    assert tags["subscriber.fields.born"]["tag"] == "{{ subscriber.fields.born | date }}"
    assert tags["subscriber.fields.born"]["type"] == "date"
    assert "subscriber.fields.cheese" not in tags
    assert {"subscriber.name", "subscriber.tags", "unsubscribe_url"} <= set(tags)


def test_the_sample_is_shown_as_a_part_of_the_page(workspace, ben, sign_in, bread):
    factories.subscriber(workspace, "b@example.com", on=bread)
    campaign = factories.campaign(workspace, lists=[bread], body="{{ subscriber.fields.city }}")

    page = sign_in(ben).get(f"/w/bakery/campaigns/{campaign.public_id}/sample").text

    assert "is empty for 1 of 1" in page
    assert "b@example.com" in page
    assert "no subscriber has “city”" in page
