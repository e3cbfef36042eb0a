from datetime import UTC, datetime, timedelta

from mailer.audience.tags import rename_tag, tags_named
from mailer.db import db
from mailer.segments.enter_tags import enter_tags, set_enter_tags
from mailer.segments.follow import look_again
from mailer.segments.models import Segment
from mailer.segments.save import create_segment
from tests import factories

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PORTUGUESE = {
    "type": "group",
    "match": "all",
    "conditions": [{"type": "detail", "detail": "locale", "test": "is", "value": "pt"}],
}


def tags_of(person) -> list[str]:
    return [tag.name for tag in factories.refreshed(person).tags]


def test_whoever_enters_is_tagged_and_keeps_it(sign_in, ben, workspace, other_workspace):
    stranger = factories.subscriber(other_workspace, locale="pt")
    segment = create_segment(workspace.id, "Portuguese", PORTUGUESE, now=NOON)
    first = factories.subscriber(workspace, locale="pt")
    second = factories.subscriber(workspace, locale="de")
    db.session.commit()
    browser, at = sign_in(ben), f"/w/{workspace.slug}/segments/{segment.public_id}"

    browser.post(f"{at}/enter-tags", data={"tags": "lusophone, spring"})

    assert tags_of(first) == ["lusophone", "spring"]
    assert tags_of(second) == []
    first.locale, second.locale = "de", "pt"
    db.session.flush()
    look_again(db.session.get(Segment, segment.id), now=datetime.now(UTC) + timedelta(minutes=1))
    assert tags_of(first) == tags_of(second) == ["lusophone", "spring"]
    assert tags_of(stranger) == []
    page = browser.get(at).get_data(as_text=True)
    assert 'value="lusophone, spring"' in page
    browser.post(f"{at}/enter-tags", data={"tags": ""})
    assert enter_tags(db.session.get(Segment, segment.id)) == []


def test_a_tag_that_joins_another_is_asked_for_and_given_by_its_name(workspace):
    old, new = tags_named(workspace.id, ["old", "new"])
    tagged = {"type": "group", "match": "none", "conditions": [{"type": "tag", "tag": old.public_id}]}
    asking = create_segment(workspace.id, "Tagged", {"conditions": [tagged]}, now=NOON)
    giving = [create_segment(workspace.id, name, PORTUGUESE, now=NOON) for name in ("One", "Both")]
    set_enter_tags(giving[0], ["old"])
    set_enter_tags(giving[1], ["old", "new"])
    db.session.commit()

    rename_tag(old, "New")
    db.session.commit()

    kept = factories.refreshed(asking).tree.conditions[0].conditions[0]
    assert kept.tag == new.public_id
    assert [[tag.name for tag in enter_tags(each)] for each in giving] == [["new"], ["new"]]
