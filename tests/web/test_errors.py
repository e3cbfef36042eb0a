"""What people are told when something goes wrong, in words that they can act on."""

import pytest
from flask import g
from werkzeug.exceptions import InternalServerError, RequestEntityTooLarge, TooManyRequests

from mailer.web.problems import PROBLEM_TYPE


def told(app, error, language=""):
    """The page that an error becomes."""
    with app.test_request_context("/"):
        if language:
            g.language = language
        return app.make_response(app.handle_user_exception(error)).get_data(as_text=True)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TooManyRequests("4 per 1 hour"), "Wait 1 minute, then try again."),
        (InternalServerError(), "Something went wrong on our side."),
        (RequestEntityTooLarge(), "choose a smaller file"),
    ],
)
def test_errors_say_what_to_do_next(app, error, words):
    page = told(app, error)

    assert words in page
    assert "4 per 1 hour" not in page


@pytest.mark.parametrize("error", [TooManyRequests("4 per 1 hour"), InternalServerError()])
def test_subscribers_are_told_in_their_language(app, error):
    page = told(app, error, "de")

    assert "versuchen Sie es" in page or "Versuchen Sie es" in page
    assert "start page" not in page


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/v/torn", "Diese E-Mail gibt es hier nicht mehr."),
        ("/s/lst_torn", "Hier gibt es keine Anmeldeseite."),
        ("/p/torn", "Dieser Link ist unvollständig"),
        ("/r/torn", "This preview is not shown any more."),
    ],
)
def test_a_broken_link_does_not_lead_into_the_app(client, address, words):
    answer = client.get(address, headers={"Accept-Language": "de"})

    assert answer.status_code == 404
    assert words in answer.text
    assert "start page" not in answer.text


@pytest.mark.parametrize("address", ["/w/a%00b/subscribers", "/s/%00", "/w/bakery/lists/lst%00"])
def test_nothing_has_a_name_that_no_database_can_hold(ana, sign_in, address):
    assert sign_in(ana).get(address).status_code == 404


#: What asks for what is not there, in a way that there is not, and with too much.
WRONG_CALLS = (
    ("get", "/nothing", 404, "not_found"),
    ("get", "/w/bakery/lists/lst_1", 404, "not_found"),
    ("delete", "/w/bakery/lists", 405, "method_not_allowed"),
    ("post", "/w/bakery/media", 413, "request_too_large"),
    ("get", "/w/bakery/subscribers?status=gone", 422, "validation_error"),
)


@pytest.mark.parametrize(("method", "path", "status", "name"), WRONG_CALLS)
@pytest.mark.parametrize("accepted", ["application/json", "application/json, */*;q=0.5", PROBLEM_TYPE])
def test_programs_that_ask_for_json_get_problems(
    app, ana, sign_in, monkeypatch, method, path, status, name, accepted
):
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 10)
    browser = sign_in(ana)

    answer = getattr(browser, method)(path, data={"name": "Weekly bread"}, headers={"Accept": accepted})

    assert (answer.status_code, answer.mimetype) == (status, PROBLEM_TYPE)
    assert (answer.json["status"], answer.json["name"]) == (status, name)
    assert answer.json["detail"] == answer.json["message"]
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(("method", "path", "status", "name"), WRONG_CALLS)
@pytest.mark.parametrize("accepted", ["text/html,application/xhtml+xml,*/*;q=0.8", "*/*", ""])
def test_people_get_pages(app, ana, sign_in, monkeypatch, method, path, status, name, accepted):
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 10)
    browser = sign_in(ana)

    answer = getattr(browser, method)(path, data={"name": "Weekly bread"}, headers={"Accept": accepted})

    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert name not in answer.text
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_program_without_the_role_is_not_told_of_a_key(vera, sign_in):
    answer = sign_in(vera).post("/w/bakery/lists", headers={"Accept": "application/json"})

    assert (answer.status_code, answer.json["name"]) == (403, "forbidden")


def test_a_program_that_is_too_fast_is_told_when_to_come_back(app):
    with app.test_request_context("/", headers={"Accept": "application/json"}):
        answer = app.make_response(app.handle_user_exception(TooManyRequests("4 per 1 hour")))

    assert (answer.status_code, answer.mimetype) == (429, PROBLEM_TYPE)
    assert answer.json["name"] == "rate_limit_exceeded"
    assert answer.json["message"].endswith("Wait 1 minute, then try again.")
    assert answer.headers["Retry-After"] == "60"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/compat/postmark/nothing", "/compat/resend/nothing"])
def test_where_only_programs_call_no_page_is_shown(client, path):
    answer = client.get(path)

    assert (answer.status_code, answer.mimetype) == (404, PROBLEM_TYPE)
