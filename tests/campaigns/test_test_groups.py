import pytest

from mailer.campaigns.test_groups import groups_of, save_group
from mailer.campaigns.test_send import send_test
from mailer.campaigns.variants import add_variant
from mailer.composing.preview import SAMPLE_READER
from mailer.db import db
from mailer.delivery.models import Delivery
from mailer.errors import Conflict, Invalid
from mailer.lib.clock import utcnow
from tests import factories

URL = "/w/bakery/test-addresses"


def test_a_test_goes_to_a_seed_list_once_each(workspace):
    campaign = factories.campaign(workspace)
    seeds = save_group(workspace.id, "Seeds", [f"seed-{n}@example.com" for n in range(12)])

    sent = send_test(
        campaign,
        ["ana@example.com", "seed-3@example.com"],
        reader=SAMPLE_READER,
        now=utcnow(),
        groups=[seeds],
    )

    assert len(sent) == 13
    assert db.session.query(Delivery).count() == 13


def test_a_test_is_in_the_language_that_is_looked_at(workspace):
    campaign = factories.campaign(workspace)
    add_variant(campaign, "de").subject = "Frisch"

    send_test(campaign, ["ana@example.com"], reader=SAMPLE_READER, now=utcnow(), locale="de")

    assert db.session.query(Delivery).one().message.subject == "[Test] Frisch"


def test_a_group_is_made_changed_and_deleted(workspace, ben, sign_in):
    browser = sign_in(ben)

    browser.post(URL, data={"name": "Colleagues", "addresses": "ben@example.com,\nvera@example.com"})
    group = groups_of(workspace.id)[0]
    here = f"{URL}/{group.public_id}"

    assert group.addresses == ["ben@example.com", "vera@example.com"]
    assert "vera@example.com" in browser.get(here).text
    browser.post(here, data={"name": "Colleagues", "addresses": "ben@example.com"})
    assert factories.refreshed(group).addresses == ["ben@example.com"]
    refused = browser.post(here, data={"name": "Colleagues", "addresses": "nobody"})
    assert refused.status_code == 422
    browser.post(f"{here}/delete")
    assert not groups_of(workspace.id)


def test_a_name_is_taken_once(workspace, other_workspace):
    save_group(other_workspace.id, "Seeds", ["x@example.com"])
    save_group(workspace.id, "Seeds", ["x@example.com"])

    with pytest.raises(Conflict):
        save_group(workspace.id, "seeds", ["y@example.com"])
    with pytest.raises(Invalid, match="one to 50"):
        save_group(workspace.id, "Many", [f"{n}@example.com" for n in range(51)])


def test_the_composer_sends_to_a_group_alone(workspace, ben, sign_in):
    campaign = factories.campaign(workspace)
    group = save_group(workspace.id, "Seeds", ["x@example.com"])
    browser = sign_in(ben)
    here = f"/w/bakery/campaigns/{campaign.public_id}"

    assert "Seeds" in browser.get(f"{here}/edit").text
    browser.post(f"{here}/test", data={"to": "", "groups": group.public_id})
    assert [row.email for row in db.session.query(Delivery)] == ["x@example.com"]
