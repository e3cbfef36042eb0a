"""What people are told when something goes wrong, in words that they can act on."""

import pytest
from flask import g
from werkzeug.exceptions import InternalServerError, RequestEntityTooLarge, TooManyRequests


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
