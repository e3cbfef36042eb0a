"""What holds for every call: keys, errors, ids, limits, the description."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from mailer.accounts.keys import create_key, key_for, revoke_key
from mailer.accounts.models import ApiKey
from mailer.accounts.scopes import EVERYTHING, SCOPES
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.web.limits import limiter
from mailer.web.problems import PROBLEM_TYPE

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (None, "missing_api_key"),
        ("", "missing_api_key"),
        ("Basic YTpi", "missing_api_key"),
        ("Bearer", "missing_api_key"),
        ("Bearer mlr_unknown", "invalid_api_key"),
        ("Bearer 'OR1--", "invalid_api_key"),
    ],
)
def test_a_call_without_a_good_key_is_told_so(client, workspace, header, name):
    headers = {} if header is None else {"Authorization": header}

    answer = client.get("/api/v1/lists", headers=headers)

    assert (answer.status_code, answer.json["name"]) == (401, name)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_key_opens_nothing(client, workspace):
    key, secret = create_key(workspace.id, name="Old", scopes=[EVERYTHING])
    revoke_key(key, now=utcnow())
    db.session.commit()

    answer = client.get("/api/v1/lists", headers={"Authorization": f"Bearer {secret}"})

    assert (answer.status_code, answer.json["name"]) == (401, "invalid_api_key")


def test_a_session_is_no_key(sign_in, ana):
    assert sign_in(ana).get("/api/v1/lists").status_code == 401


def test_the_last_use_of_a_key_is_noted_once_a_minute(shop):
    with time_machine.travel(utcnow(), tick=False) as clock:
        shop.get("/api/v1/lists")
        first = db.session.query(ApiKey.last_used_at).scalar()
        clock.shift(timedelta(seconds=30))
        shop.get("/api/v1/lists")
        assert db.session.query(ApiKey.last_used_at).scalar() == first
        clock.shift(timedelta(seconds=31))
        shop.post("/api/v1/lists", json={"name": "Weekly bread"})

    assert db.session.query(ApiKey.last_used_at).scalar() == first + timedelta(seconds=61)


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("get", "/api/v1/nothing", 404, "not_found"),
        ("get", "/api/", 404, "not_found"),
        ("get", "/api/v1/subscribers/sub_1", 404, "not_found"),
        ("delete", "/api/v1/lists", 405, "method_not_allowed"),
        ("post", "/api/v1/openapi.json", 405, "method_not_allowed"),
    ],
)
def test_every_error_is_a_problem(shop, method, path, status, name):
    answer = getattr(shop, method)(path)

    assert (answer.status_code, answer.mimetype) == (status, PROBLEM_TYPE)
    problem = answer.json
    assert (problem["status"], problem["statusCode"], problem["name"]) == (status, status, name)
    assert problem["title"]
    assert problem["detail"] == problem["message"]
    assert problem["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"name": ' + b"1" * 10_000 + b"}", "application/json", 400),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b'"text"', "application/json", 422),
        (b'{"name": NaN}', "application/json", 422),
        (b'{"name": "half a \\ud83d pair"}', "application/json", 422),
        (b"name=Bread", "application/x-www-form-urlencoded", 415),
        (b'{"name": "Bread"}', "text/plain", 415),
        (b" " * (8 * 1024 * 1024 + 1), "application/json", 413),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(shop, body, content_type, status):
    answer = shop.post("/api/v1/lists", data=body, content_type=content_type)

    assert answer.status_code == status
    assert answer.mimetype == PROBLEM_TYPE


def test_a_body_may_be_left_out_where_nothing_in_it_is_needed(shop):
    draft = {"name": "Plain", "html": "<p>{{ content }}</p>", "publish": False}
    url = f"/api/v1/templates/{shop.post('/api/v1/templates', json=draft).json['id']}/publish"

    published, again = shop.post(url), shop.post(url, content_type="application/json")
    needed, broken = shop.post("/api/v1/lists"), shop.post(url, data="{", content_type="application/json")

    assert (published.status_code, again.json["message"]) == (
        200,
        "Nothing has changed since this template was published.",
    )
    assert (needed.status_code, needed.json["errors"][0]["field"]) == (422, "name")
    assert broken.status_code == 400
    assert "JSON" in broken.json["message"]


def test_a_request_id_that_is_given_comes_back(shop):
    assert (
        shop.get("/api/v1/lists", headers={"X-Request-Id": "order-17"}).headers["X-Request-Id"] == "order-17"
    )
    made = shop.get("/api/v1/lists", headers={"X-Request-Id": "<script>"}).headers["X-Request-Id"]
    assert made.startswith("req_")


def test_limits_are_told_and_hold(app, shop, client, monkeypatch):
    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update={"api_calls_per_minute": 3}))
    monkeypatch.setattr(limiter, "enabled", True)

    with time_machine.travel(NOON, tick=False):
        answers = [shop.get("/api/v1/lists") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers[:3]] == ["2", "1", "0"]
    assert answers[0].headers["RateLimit-Limit"] == "3"
    assert answers[3].headers["Retry-After"] == "60"
    assert answers[3].json["name"] == "rate_limit_exceeded"


def test_a_key_can_have_a_limit_of_its_own(program, workspace, monkeypatch):
    monkeypatch.setattr(limiter, "enabled", True)
    shop = program(workspace)
    db.session.query(ApiKey).update({"calls_per_minute": 1})
    db.session.commit()

    with time_machine.travel(NOON, tick=False):
        statuses = [shop.get("/api/v1/lists").status_code for _ in range(2)]

    assert statuses == [200, 429]


def test_whoever_tries_keys_is_told_to_wait(client, workspace, monkeypatch):
    monkeypatch.setattr(limiter, "enabled", True)

    with time_machine.travel(NOON, tick=False):
        headers = {"Authorization": "Bearer mlr_guess"}
        statuses = [client.get("/api/v1/lists", headers=headers).status_code for _ in range(61)]

    assert statuses[-1] == 429


def test_scopes_are_those_that_calls_take(app, client):
    calls = client.get("/api/v1/openapi.json").json["paths"].values()

    taken = {scope for operations in calls for one in operations.values() for scope in one["x-scopes"]}

    assert taken == set(SCOPES)


def test_a_key_makes_none_that_may_do_more(program, workspace):
    shop = program(workspace, "api-keys:write", "lists:read")

    made = shop.post("/api/v1/api-keys", json={"name": "Counter", "scopes": ["lists:read"]})
    refused = shop.post("/api/v1/api-keys", json={"name": "Counter", "scopes": ["*:read"]})

    assert (made.status_code, refused.status_code) == (201, 403)
    counter = {"Authorization": f"Bearer {made.json['secret']}"}
    assert shop.get("/api/v1/lists", headers=counter).status_code == 200
    assert shop.get("/api/v1/tags", headers=counter).status_code == 403


#: Calls that ask a server elsewhere and may be repeated, and the one that wraps all others.
ASKS_OTHERS = {"/api/v1/domains/{domain_id}/verify", "/api/v1/transports/{transport_id}/test", "/api/v1/mcp"}


def test_the_description_names_every_route_and_what_it_takes(app, client):
    document = client.get("/api/v1/openapi.json").json

    described = {(path, method) for path, operations in document["paths"].items() for method in operations}
    offered = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/") and not rule.rule.endswith("openapi.json"):
            path = re.sub(r"<(?:int:)?(\w+)>", r"{\1}", rule.rule)
            offered |= {(path, method.lower()) for method in rule.methods - {"HEAD", "OPTIONS"}}
    assert described == offered
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            assert operation["security"], path
            assert "401" in operation["responses"]
            if method == "post" and operation.get("requestBody"):
                assert "$ref" in operation["requestBody"]["content"]["application/json"]["schema"]
            if method == "post" and path not in ASKS_OTHERS:
                assert "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}
    for reference in _references(document):
        assert _resolves(document, reference), reference
    operations = [one for each in document["paths"].values() for one in each.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    hosts = re.findall(r"://([^/\s\"\\)]+)", json.dumps(document))
    assert {host for host in hosts if not host.endswith(("localhost", "example", "example.com"))} == set()


def _references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _resolves(document, reference: str) -> bool:
    node = document
    for part in reference.removeprefix("#/").split("/"):
        node = node.get(part) if isinstance(node, dict) else None
    return node is not None


def test_the_secret_is_never_in_the_log(client, workspace, caplog):
    _, secret = create_key(workspace.id, name="Shop", scopes=[EVERYTHING])
    db.session.commit()

    client.get("/api/v1/lists", headers={"Authorization": f"Bearer {secret}"})

    assert secret not in caplog.text
    assert key_for(secret, now=utcnow()).name == "Shop"


def test_the_reference_shows_every_call_to_people(client):
    page = client.get("/api/reference")
    calls = client.get("/api/v1/openapi.json").json["paths"]

    assert page.status_code == 200
    for operations in calls.values():
        for operation in operations.values():
            assert f'id="{operation["operationId"]}"' in page.text


def test_the_product_is_described_on_one_page_for_readers_of_words(client):
    page = client.get("/llms.txt")

    assert page.mimetype == "text/markdown"
    assert page.text.startswith("# Mailer\n\n> ")
    assert "\n- `POST /api/v1/emails`: " in page.text
    assert "\n\n\n\n" not in page.text
