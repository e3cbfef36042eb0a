"""``/api/v1/mcp``: the API as tools, bounded for assistants."""

import json

import pytest

from mailer.accounts.keys import create_key
from mailer.accounts.scopes import EVERYTHING, READING
from mailer.audience.models import OptIn, Subscriber
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.db import db
from mailer.delivery.models import Delivery
from tests import factories


@pytest.fixture
def assistant(app, workspace):
    """Return a way to speak the protocol with a key of a scope."""

    def with_scope(*scopes):
        _, secret = create_key(workspace.id, name="Assistant", scopes=scopes or [EVERYTHING])
        db.session.commit()
        client = app.test_client()

        def ask(method, **params):
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            headers = {"Authorization": f"Bearer {secret}"}
            return client.post("/api/v1/mcp", json=body, headers=headers).json

        return ask

    return with_scope


def use(ask, tool, **arguments):
    return ask("tools/call", name=tool, arguments=arguments)["result"]


def test_it_says_hello(assistant):
    result = assistant()("initialize", protocolVersion="2025-03-26", capabilities={}, clientInfo={})["result"]

    assert result["protocolVersion"] == "2025-03-26"
    assert result["serverInfo"]["name"] == "mailer"


def test_a_reading_key_sees_no_tool_that_writes(assistant):
    ask = assistant(READING)
    reading = {tool["name"]: tool for tool in ask("tools/list")["result"]["tools"]}
    everything = assistant()("tools/list")["result"]["tools"]

    refused = ask("tools/call", name="save_subscriber", arguments={"email": "a@example.com"})

    writing = {name for name, tool in reading.items() if not tool["annotations"]["readOnlyHint"]}
    assert writing <= {"preview_segment"}
    assert "index_subscribers" in reading
    assert "save_subscriber" in {tool["name"] for tool in everything} - set(reading)
    assert "$ref" not in json.dumps(everything)
    assert refused["error"]["code"] == -32602


def test_a_tool_does_what_its_call_does(assistant):
    ask = assistant()

    saved = use(ask, "save_subscriber", email="ana@example.com", name="Ana")
    found = use(ask, "index_subscribers", limit=1)
    wrong = use(ask, "save_subscriber", email="nobody")

    assert saved["structuredContent"]["name"] == "Ana"
    assert found["structuredContent"]["data"][0]["email"] == "ana@example.com"
    assert wrong["isError"]
    assert use(ask, "show_subscriber")["isError"]


def test_a_dry_run_checks_everything_and_keeps_nothing(assistant, workspace, queued):
    known = factories.subscriber(workspace, "known@example.com", name="Known").public_id
    letter = {"from": "ana@bakery.example", "to": "sam@example.com", "subject": "Order", "text": "It came."}
    ask = assistant()

    tried = [
        use(ask, "save_subscriber", email="new@example.com", dry_run=True),
        use(ask, "update_subscriber", subscriber_id=known, name="Other", dry_run=True),
        use(ask, "erase_subscriber", subscriber_id=known, dry_run=True),
        use(ask, "send_email", **letter, dry_run=True),
    ]
    wrong = use(ask, "save_subscriber", email="nobody", dry_run=True)

    assert [one["isError"] for one in tried] == [False, False, False, False]
    assert db.session.query(Delivery).all() == []
    assert "would succeed" in tried[0]["content"][0]["text"]
    assert wrong["isError"]
    assert [(row.email, row.name) for row in db.session.query(Subscriber)] == [("known@example.com", "Known")]
    assert queued() == []


def test_sending_to_many_waits_for_a_person(app, assistant, workspace, monkeypatch):
    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update={"agents_send_up_to": 1}))
    weekly = factories.mailing_list(workspace, opt_in=OptIn.SINGLE)
    for _ in range(2):
        factories.subscriber(workspace, on=weekly)
    campaign = factories.campaign(workspace, lists=[weekly])
    ask = assistant()

    refused = use(ask, "send_campaign", campaign_id=campaign.public_id)
    tried = use(ask, "send_campaign", campaign_id=campaign.public_id, dry_run=True)
    around = [
        use(ask, "send_campaign", campaign_id=campaign.public_id, dry_run="no"),
        use(ask, "show_campaign", campaign_id=f"{campaign.public_id}/send?"),
        use(ask, "duplicate_campaign", campaign_id=f"{campaign.public_id}/send?"),
        use(ask, "duplicate_campaign", campaign_id=f"{campaign.public_id}%2Fsend%3F"),
    ]

    assert refused["isError"]
    assert f"/campaigns/{campaign.public_id}/review" in refused["content"][0]["text"]
    assert not tried["isError"]
    assert all(one["isError"] for one in around)
    assert db.session.query(Campaign).one().status is CampaignStatus.DRAFT


#: What an assistant that guesses puts into any argument.
GUESSES = (
    None,
    "",
    "\0",
    "../../etc/passwd",
    "sub_01k2m8w5c4e0t9q7y3x6v1b2n8",
    -1,
    1e308,
    True,
    [],
    [[]],
    {},
    "é" * 5_000,
)


def guesses_for(tool, turn):
    """Return every argument of a tool, each with another guess, and one that it does not know."""
    names = [*tool["inputSchema"]["properties"], "unheard_of"]
    guessed = {name: GUESSES[(turn + at) % len(GUESSES)] for at, name in enumerate(names)}
    return {**guessed, "dry_run": bool(turn % 2)} if "dry_run" in names else guessed


@pytest.mark.parametrize("turns", [1, pytest.param(len(GUESSES), marks=pytest.mark.heavy)])
def test_whatever_is_guessed_is_an_error_in_words(assistant, turns):
    ask = assistant()
    wrong = []

    for at, tool in enumerate(ask("tools/list")["result"]["tools"]):
        for turn in range(at, at + turns):
            answer = ask("tools/call", name=tool["name"], arguments=guesses_for(tool, turn))
            text = "" if "error" in answer else answer["result"]["content"][0]["text"]
            if "internal_server_error" in text or not ("error" in answer or text):
                wrong.append((tool["name"], turn, text))

    assert wrong == []


@pytest.mark.parametrize("arguments", [None, [], "x", 1])
def test_arguments_that_are_no_object_are_refused(assistant, arguments):
    answer = assistant()("tools/call", name="show_workspace", arguments=arguments)

    assert answer["result"]["isError"] is False if not arguments else answer["error"]["code"] == -32602


def test_what_it_does_not_know_is_an_error_of_the_protocol(assistant):
    assert assistant()("resources/list")["error"]["code"] == -32601
