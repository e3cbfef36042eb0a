"""What an address narrows a list to: any words may be searched for, and what means nothing is refused."""

import pytest

from mailer.audience.models import MailingList, Tag
from mailer.audience.tags import tag_subscribers
from mailer.db import db
from mailer.webhooks.endpoints import create_endpoint
from tests import factories

LISTS = (
    "subscribers",
    "campaigns",
    "suppressions",
    "suppressions/streams",
    "returns",
    "transactional",
    "imports",
    "media",
    "segments",
    "exports/new",
    "bulk-changes/new",
    "settings/webhooks/{endpoint}",
    "campaigns/{campaign}/readers",
    "subscribers/{subscriber}",
)
#: Each filter of each list, and the beginning of what is said of one that means nothing.
FILTERS = (
    ("subscribers", "status", "The status must be one of: pending, active, unsubscribed."),
    ("subscribers", "list", "There is no such list."),
    ("subscribers", "tag", "There is no such tag."),
    ("campaigns", "status", "The state must be one of: draft, "),
    ("suppressions", "reason", "The reason must be one of: "),
    ("suppressions/streams", "reason", "The reason must be one of: "),
    ("returns", "kind", "The kind must be one of: "),
    ("returns", "campaign", "There is no such campaign."),
    ("transactional", "state", "The state must be one of: prepared, "),
    ("settings/webhooks/{endpoint}", "state", "The state must be one of: "),
)
PAYLOADS = ("' OR 1=1 --", "%", "\\", "\x00", "𝕏" * 400, "<script>alert", "{{7*7}}", "-1")


@pytest.fixture
def ids(workspace):
    """One of each thing that an address may name."""
    weekly = factories.mailing_list(workspace)
    rosa = factories.subscriber(workspace, "rosa@example.com")
    tag_subscribers(workspace.id, [rosa.id], ["VIP"])
    campaign = factories.campaign(workspace, lists=[weekly])
    endpoint, _ = create_endpoint(
        workspace.id, url="https://hooks.example.com/", events=["email.sent"], description=""
    )
    db.session.commit()
    return {
        "endpoint": endpoint.public_id,
        "campaign": campaign.public_id,
        "subscriber": rosa.public_id,
    }


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_in_a_search_breaks_a_page(ana, ids, sign_in, payload):
    browser = sign_in(ana)

    for page in LISTS:
        for parameter in ("q", "after", "before"):
            answer = browser.get(f"/w/bakery/{page.format(**ids)}", query_string={parameter: payload})

            assert answer.status_code == 200, (page, parameter)
            assert "<script>alert" not in answer.text


@pytest.mark.parametrize(("page", "parameter", "words"), FILTERS)
def test_a_filter_that_means_nothing_is_refused_and_can_be_left_out(
    ana, ids, sign_in, page, parameter, words
):
    browser, address = sign_in(ana), f"/w/bakery/{page.format(**ids)}"

    for payload in PAYLOADS:
        answer = browser.get(address, query_string={parameter: payload})

        assert answer.status_code == 422, payload
        assert words in answer.text
        assert f'href="{address}"' in answer.text
    assert browser.get(address, query_string={parameter: ""}).status_code == 200


@pytest.mark.parametrize(("parameter", "model"), [("list", MailingList), ("tag", Tag)])
def test_what_another_workspace_has_narrows_nothing_here(
    ana, ids, other_workspace, sign_in, parameter, model
):
    theirs = factories.add(model(workspace_id=other_workspace.id, name="Theirs"))

    answer = sign_in(ana).get("/w/bakery/subscribers", query_string={parameter: theirs.public_id})

    assert answer.status_code == 422
