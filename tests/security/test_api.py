"""Every call, walked over the URL map: scopes, foreign ids, and what is typed into it."""

import contextvars
import re

import pytest

from mailer.accounts.keys import create_key
from mailer.accounts.scopes import EVERYTHING, KINDS, READING, is_granted
from mailer.api.guards import scopes_of
from mailer.api.openapi import describe
from mailer.db import db
from tests.security.conftest import routes

ROOT = "/api/v1/"
PUBLIC = "/api/v1/openapi.json"
METHODS = ("GET", "POST", "PATCH", "DELETE")
#: What two workspaces call the same.
NAMED_ALIKE = {"number", "language"}
#: What has once broken a product of this kind, or could.
PAYLOADS = (
    "'",
    '"',
    "' OR 1=1 --",
    "1; DROP TABLE subscribers",
    "%' AND 1=0 UNION SELECT secret_hash FROM api_keys --",
    "{{ 7 * 7 }}",
    "{% for x in range(10**9) %}{% endfor %}",
    "${jndi:ldap://x}",
    "../../etc/passwd",
    "\\",
    "%00",
    "\x00",
    "\x1b[2J",
    "a\r\nBcc: eve@example.com",
    "\u202e\u2066",
    "\ufdd0",
    "😀" * 40,
    "İ" * 300,
    "x" * 5_000,
    "-1",
    "1e309",
    "null",
    "__proto__",
    "<script>alert(1)</script>",
)


@pytest.fixture
def call(app):
    def as_key(secret, method, url, **options):
        db.session.commit()
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        client = app.test_client()
        return contextvars.Context().run(
            lambda: client.open(
                url,
                method=method,
                headers={**headers, **options.pop("headers", {})},
                # Read to the end here: a streamed answer still needs this context.
                buffered=True,
                **options,
            )
        )

    return as_key


#: A key that may hardly do anything.
NEXT_TO_NOTHING = ("tags:read",)


@pytest.fixture
def secrets(ours):
    """A key of each kind for Ana's bakery, by its scopes."""
    return {
        scopes: create_key(ours.workspace.id, name="Shop", scopes=scopes)[1]
        for scopes in (*KINDS.values(), NEXT_TO_NOTHING)
    }


#: Questions that are too long for an address.
LONG_QUESTIONS = {f"{ROOT}mcp", f"{ROOT}segments/preview"}


def in_braces(rule: str) -> str:
    """Return a route as the description writes it."""
    return re.sub(r"<(?:int:)?(\w+)>", r"{\1}", rule)


@pytest.fixture
def walk(app):
    """Return every call: its method, its rule, and a body that it takes as the description shows one."""
    document = describe(app, base_url="http://localhost")

    def calls():
        for method in METHODS:
            for rule in routes(app, method, ROOT):
                if rule.rule == PUBLIC:
                    continue
                asked = document["paths"][in_braces(rule.rule)][method.lower()].get("requestBody", {})
                yield method, rule, asked.get("content", {}).get("application/json", {}).get("example")

    return calls


def test_each_call_takes_a_key_with_one_of_its_scopes(app, ours, call, secrets, writes, walk):
    wrong = []
    for method, rule, _ in walk():
        url = ours.url(app, rule)
        body = None if method == "GET" else {}
        if call(None, method, url, json=body).status_code != 401:
            wrong.append((method, rule.rule, "no key"))
        wanted = scopes_of(app.view_functions[rule.endpoint], rule.rule, method)
        for held, secret in secrets.items():
            is_allowed = is_granted(wanted, held=held)
            if is_allowed and method != "GET":
                continue
            with writes() as seen:
                status = call(secret, method, url, json=body).status_code
            changes = [statement for statement in seen if "api_keys" not in statement]
            if (status != 403) != is_allowed or (status == 403 and changes):
                wrong.append((method, rule.rule, held, status, changes))
        if method != "GET" and is_granted(wanted, held=[READING]) and rule.rule not in LONG_QUESTIONS:
            wrong.append((method, rule.rule, "a reading key may write"))

    assert wrong == []


def test_ids_of_another_workspace_are_not_found(app, ours, theirs, call, secrets, writes, walk):
    wrong = []
    for method, rule, body in walk():
        for name in rule.arguments - NAMED_ALIKE:
            with writes() as seen:
                url = ours.url(app, rule, **{name: theirs.values[name]})
                answer = call(secrets[(EVERYTHING,)], method, url, json=body)
            changes = [statement for statement in seen if "api_keys" not in statement]
            if answer.status_code != 404 or changes:
                wrong.append((method, rule.rule, answer.status_code, changes))

    assert wrong == []


def test_nothing_that_is_typed_into_an_address_breaks_a_call(app, ours, call, secrets, walk):
    document = describe(app, base_url="http://localhost")
    wrong = []
    for method, rule, _ in walk():
        if method != "GET":
            continue
        asked = document["paths"][in_braces(rule.rule)]["get"].get("parameters", [])
        names = [parameter["name"] for parameter in asked if parameter["in"] == "query"]
        for payload in PAYLOADS:
            for name in names:
                answer = call(
                    secrets[(EVERYTHING,)], "GET", ours.url(app, rule), query_string={name: payload}
                )
                if answer.status_code >= 500:
                    wrong.append((rule.rule, name, payload))
            for name in rule.arguments - {"number"}:
                answer = call(secrets[(EVERYTHING,)], "GET", ours.url(app, rule, **{name: payload}))
                if answer.status_code not in (404, 405, 308):
                    wrong.append((rule.rule, name, payload, answer.status_code))

    assert wrong == []


BODIES = {
    "/api/v1/lists": {
        "name": "Bread",
        "description": "",
        "opt_in": "single",
        "visibility": "public",
        "consent_words": "",
        "most_per_day": None,
        "most_per_week": 3,
    },
    "/api/v1/subscribers": {
        "email": "ana@example.com",
        "external_id": None,
        "name": "Ana",
        "locale": "en",
        "time_zone": "UTC",
        "fields": {"city": "York"},
        "tags": ["vip"],
        "lists": [],
        "status": "active",
    },
    "/api/v1/campaigns": {
        "name": "Sunday",
        "subject": "Fresh",
        "preheader": "",
        "from": "Ana <ana@example.com>",
        "reply_to": "ana@example.com",
        "lists": [],
        "format": "html",
        "body": "<p>Hello</p>",
        "text": "Hello",
    },
    "/api/v1/emails": {
        "from": "Ana <ana@example.com>",
        "to": "sam@example.com",
        "cc": [],
        "bcc": [],
        "reply_to": "ana@example.com",
        "subject": "Fresh",
        "html": "<p>Hello</p>",
        "text": "Hello",
        "headers": {},
        "attachments": [],
        "tags": ["vip"],
        "stream": "receipts",
        "scheduled_at": None,
        "track": False,
        "template": None,
    },
}


@pytest.mark.parametrize("url", BODIES)
def test_nothing_that_is_typed_into_a_body_breaks_a_call(app, ours, call, secrets, url):
    wrong = []
    for field, value in BODIES[url].items():
        for payload in (*PAYLOADS, 7, -1.5, True, None, [], {}, ["x"], {"x": "y"}, 10**400):
            given = {"city": payload} if isinstance(value, dict) and isinstance(payload, str) else payload
            answer = call(secrets[(EVERYTHING,)], "POST", url, json={**BODIES[url], field: given})
            # 409: Ana has another external id by now.
            expected = (200, 201, 422, 409) if field == "external_id" else (200, 201, 422)
            if answer.status_code not in expected:
                wrong.append((field, payload, answer.status_code))
            if answer.status_code == 422 and not answer.json.get("message"):
                wrong.append((field, payload, "no message"))

    assert wrong == []


@pytest.mark.parametrize("url", BODIES)
def test_the_name_of_any_column_in_a_body_changes_nothing(app, ours, theirs, call, secrets, url, writes):
    columns = {column.name for table in db.metadata.sorted_tables for column in table.columns}
    wrong = []
    for column in sorted(columns - set(BODIES[url])):
        with writes() as seen:
            body = {**BODIES[url], column: theirs.values.get(column, "1")}
            answer = call(secrets[(EVERYTHING,)], "POST", url, json=body)
        if answer.status_code != 422 or [one for one in seen if "api_keys" not in one]:
            wrong.append((column, answer.status_code, seen))

    assert wrong == []
