"""Repeated requests: the work is done once, and the first answer is given again."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine

from mailer.api.idempotency import forget_old_answers
from mailer.api.models import IdempotencyKey
from mailer.audience.models import MailingList
from mailer.db import db
from mailer.lib.clock import utcnow

URL = "/api/v1/lists"


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def test_the_same_request_gets_the_same_answer_and_does_nothing(shop):
    first = shop.post(URL, json={"name": "Bread", "opt_in": "single"}, headers=keyed("a"))
    again = shop.post(URL, json={"opt_in": "single", "name": "Bread"}, headers=keyed("a"))

    assert (again.status_code, again.json) == (201, first.json)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert db.session.query(MailingList).count() == 1


def test_the_same_key_for_another_body_or_path_is_refused(shop):
    shop.post(URL, json={"name": "Bread"}, headers=keyed("a"))

    other_body = shop.post(URL, json={"name": "Cake"}, headers=keyed("a"))
    other_path = shop.post("/api/v1/subscribers", json={"name": "Bread"}, headers=keyed("a"))

    for answer in (other_body, other_path):
        assert answer.status_code in (409, 422)
    assert other_body.json["name"] == "invalid_idempotent_request"
    assert db.session.query(MailingList).count() == 1


def test_an_error_frees_the_key(shop):
    refused = shop.post(URL, json={"name": ""}, headers=keyed("a"))
    made = shop.post(URL, json={"name": "Bread"}, headers=keyed("a"))

    assert (refused.status_code, made.status_code) == (422, 201)


def test_keys_of_two_workspaces_are_two_keys(program, workspace, other_workspace):
    ours = program(workspace).post(URL, json={"name": "Bread"}, headers=keyed("a"))
    theirs = program(other_workspace).post(URL, json={"name": "Bread"}, headers=keyed("a"))

    assert ours.json["id"] != theirs.json["id"]


@pytest.mark.parametrize("key", ["", " ", "é", "a" * 257, "tab\there"])
def test_a_key_that_cannot_be_one_is_refused(shop, key):
    answer = shop.post(URL, json={"name": "Bread"}, headers=keyed(key))

    assert (answer.status_code, answer.json["name"]) == (400, "invalid_idempotency_key")
    assert db.session.query(MailingList).count() == 0


def test_a_key_is_kept_for_a_day(shop):
    with time_machine.travel(utcnow(), tick=False) as clock:
        shop.post(URL, json={"name": "Bread"}, headers=keyed("a"))
        clock.shift(timedelta(hours=23, minutes=59))
        replayed = shop.post(URL, json={"name": "Bread"}, headers=keyed("a"))
        clock.shift(timedelta(minutes=2))
        asked_anew = shop.post(URL, json={"name": "Cake"}, headers=keyed("a"))

    assert (replayed.status_code, asked_anew.status_code) == (201, 201)
    assert asked_anew.json["name"] == "Cake"


def test_old_answers_are_forgotten(shop):
    with time_machine.travel(utcnow(), tick=False) as clock:
        shop.post(URL, json={"name": "Bread"}, headers=keyed("old"))
        clock.shift(timedelta(hours=13))
        shop.post(URL, json={"name": "Cake"}, headers=keyed("new"))
        clock.shift(timedelta(hours=12))

        assert forget_old_answers(now=utcnow()) == 1

    assert [row.key for row in db.session.query(IdempotencyKey)] == ["new"]


def test_fifty_equal_requests_at_once_make_one_list(app, shop):
    authorization = shop.environ_base["HTTP_AUTHORIZATION"]
    db.session.remove()

    def post(_: int) -> tuple[int, str]:
        headers = {"Authorization": authorization, **keyed("a")}
        answer = app.test_client().post(URL, json={"name": "Bread"}, headers=headers)
        return answer.status_code, answer.json.get("id", "")

    with ThreadPoolExecutor(10) as pool:
        answers = Counter(pool.map(post, range(50)))

    statuses = {status for status, _ in answers}
    assert statuses <= {201, 409}, answers
    assert len({identifier for status, identifier in answers if status == 201}) == 1
    assert db.session.query(MailingList).count() == 1
