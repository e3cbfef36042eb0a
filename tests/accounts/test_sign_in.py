"""Signing in, and every way that it can be asked to give in."""

import re
from contextvars import Context
from urllib.parse import urlsplit

import pytest
from flask import has_app_context
from flask.testing import FlaskClient
from flask_security.proxies import _security
from passlib.totp import TOTP

from mailer import signals
from mailer.accounts.models import User
from mailer.accounts.security import hash_password
from mailer.app import create_app, csrf
from mailer.db import db
from mailer.web.limits import limiter

EMAIL = "ana@example.com"
PASSWORD = "bread and butter"
OTHER = "cheese and onions"


class Browser(FlaskClient):
    """A browser whose requests share nothing with each other or the test but the database."""

    def open(self, *args, **kwargs):
        if has_app_context():
            db.session.remove()
        return Context().run(super().open, *args, **kwargs)


@pytest.fixture
def client(app):
    """A browser without a session."""
    return Browser(app)


@pytest.fixture
def mails():
    """The system mails that are asked for."""
    sent = []
    with signals.mail_wanted.connected_to(sent.append):
        yield sent


@pytest.fixture
def ana(app, ana):
    """The owner, with a password."""
    with app.test_request_context():
        ana.password = hash_password(PASSWORD, email=EMAIL)
    db.session.commit()
    return ana


def sign_in(browser, email=EMAIL, password=PASSWORD, **more):
    return browser.post("/login", data={"email": email, "password": password, **more})


def is_in(browser):
    return browser.get("/w/bakery/").status_code == 200


def switch_two_factor_on(app, user):
    """Give someone a second factor, and return what shows its codes."""
    user = db.session.get(User, user.id)
    with app.test_request_context():
        secret = _security.totp_factory.generate_totp_secret()
        user.tf_totp_secret, user.tf_primary_method = secret, "authenticator"
        plain = _security.mf_recovery_codes_util.create_recovery_codes(user)
        db.session.commit()
        key = _security.totp_factory._totp.from_source(secret)
    return key, plain


def code_of(key: TOTP) -> str:
    return key.generate().token


def test_the_right_password_opens_the_workspace(client, ana):
    answer = sign_in(client)

    assert answer.status_code == 302
    assert client.get("/").location == "/w/bakery/"
    assert is_in(client)


@pytest.mark.parametrize(
    ("email", "password"), [("ana@example.com", "wrong and wrong"), ("nobody@example.com", PASSWORD)]
)
def test_known_and_unknown_get_the_same_answer(client, ana, email, password):
    answer = sign_in(client, email, password)

    assert "That address and password do not go together." in answer.text
    assert not is_in(client)


def test_signing_out_ends_the_session(client, ana):
    sign_in(client)

    client.post("/logout")

    assert not is_in(client)


@pytest.mark.parametrize(
    "next_url", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_elsewhere(client, ana, next_url):
    answer = client.post(
        "/login", query_string={"next": next_url}, data={"email": EMAIL, "password": PASSWORD}
    )

    target = urlsplit(answer.location or "")
    assert (target.scheme, target.netloc) == ("", "")
    assert not target.path.startswith("//")


def test_signing_in_leads_back_to_the_page_that_was_asked_for(client, ana):
    asked = client.get("/w/bakery/members").location

    answer = client.post(asked, data={"email": EMAIL, "password": PASSWORD})

    assert answer.location == "/w/bakery/members"


def test_changing_the_password_ends_every_other_session(app, client, ana, mails):
    elsewhere = Browser(app)
    sign_in(elsewhere)
    sign_in(client)

    client.post(
        "/profile/password",
        data={"password": PASSWORD, "new_password": OTHER, "new_password_confirm": OTHER},
    )

    assert is_in(client)
    assert not is_in(elsewhere)
    assert [mail.template for mail in mails] == ["password_changed"]


def test_a_reset_ends_every_session_and_signs_nobody_in(app, client, ana, mails):
    elsewhere = Browser(app)
    sign_in(elsewhere)
    client.post("/reset", data={"email": "ANA@example.com"})
    path = mails[0].values["reset_url"].removeprefix("http://localhost")

    client.post(path, data={"password": OTHER, "password_confirm": OTHER})

    assert not is_in(elsewhere)
    assert not is_in(client)
    assert sign_in(client, password=OTHER).status_code == 302
    assert is_in(client)


def test_a_reset_link_works_once(client, ana, mails):
    client.post("/reset", data={"email": EMAIL})
    path = mails[0].values["reset_url"].removeprefix("http://localhost")
    client.post(path, data={"password": OTHER, "password_confirm": OTHER})

    again = client.post(path, data={"password": PASSWORD, "password_confirm": PASSWORD})

    assert again.status_code == 302
    assert sign_in(client, password=PASSWORD).status_code == 200


def test_a_forged_host_does_not_reach_the_mail(client, ana, mails):
    client.post("/reset", data={"email": EMAIL}, headers={"Host": "evil.example"})

    assert mails[0].values["reset_url"].startswith("http://localhost/reset/")


def test_asking_for_a_reset_tells_nobody_who_signs_in_here(client, ana, mails):
    known = client.post("/reset", data={"email": EMAIL}, follow_redirects=True)
    unknown = client.post("/reset", data={"email": "nobody@example.com"}, follow_redirects=True)

    words = "If that address is known here, a mail with a link is on its way."
    assert words in known.text
    assert words in unknown.text
    assert len(mails) == 1


def test_the_second_factor_is_asked_for(app, client, ana):
    key, _ = switch_two_factor_on(app, ana)

    page = client.post("/login", data={"email": EMAIL, "password": PASSWORD}, follow_redirects=True)

    assert "Your code, please" in page.text
    assert not is_in(client)
    client.post("/login/code", data={"code": code_of(key)})
    assert is_in(client)


def test_a_wrong_code_does_not_do(app, client, ana):
    switch_two_factor_on(app, ana)
    sign_in(client)

    answer = client.post("/login/code", data={"code": "000000"}, follow_redirects=True)

    assert "That code is wrong or too old" in answer.text
    assert not is_in(client)


def test_a_reset_does_not_go_past_the_second_factor(app, client, ana, mails):
    switch_two_factor_on(app, ana)
    client.post("/reset", data={"email": EMAIL})
    path = mails[0].values["reset_url"].removeprefix("http://localhost")

    client.post(path, data={"password": OTHER, "password_confirm": OTHER})
    page = client.post("/login", data={"email": EMAIL, "password": OTHER}, follow_redirects=True)

    assert "Your code, please" in page.text
    assert not is_in(client)


def test_a_recovery_code_works_once(app, client, ana):
    _, plain = switch_two_factor_on(app, ana)
    sign_in(client)

    client.post("/login/recovery-code", data={"code": plain[0]})

    assert is_in(client)
    client.post("/logout")
    sign_in(client)
    client.post("/login/recovery-code", data={"code": plain[0]})
    assert not is_in(client)


def test_secrets_of_the_second_factor_are_stored_encrypted(app, client, ana):
    key, plain = switch_two_factor_on(app, ana)

    stored = db.session.query(User).one()

    assert key.base32_key not in stored.tf_totp_secret
    assert plain[0] not in stored.mf_recovery_codes


def test_two_factor_is_switched_on_by_the_page(app, client, ana):
    sign_in(client)

    page = client.post("/profile/two-factor", data={"setup": "authenticator"})
    shown = re.search(r"data-copy=\"([A-Z2-7-]+)\"", page.text)[1]
    action = re.search(r"action=\"(/profile/two-factor/[^\"]+)\"", page.text)[1]
    client.post(action, data={"code": code_of(TOTP(key=shown, format="base32"))})

    assert db.session.query(User).one().tf_primary_method == "authenticator"


def test_someone_who_is_switched_off_cannot_sign_in(client, ana):
    db.session.query(User).one().active = False
    db.session.commit()

    sign_in(client)

    assert not is_in(client)


def test_passwords_cannot_be_tried_without_end(app, ana):
    limiter.enabled = True
    try:
        answers = [sign_in(Browser(app), password="wrong and wrong") for _ in range(12)]
    finally:
        limiter.enabled = False

    assert [answer.status_code for answer in answers] == [200] * 10 + [429, 429]
    wait = int(answers[-1].headers["Retry-After"])
    assert 0 < wait <= 15 * 60
    assert re.search(r"Wait \d+ minutes?, then try again", answers[-1].text)


def test_every_form_needs_the_token_of_our_own_page(settings):
    app = create_app(settings)
    without_csrf = {"static"}
    exempt_modules = {view.rpartition(".")[0] for view in csrf._exempt_views}
    browser = Browser(app)

    for rule in app.url_map.iter_rules():
        module = app.view_functions[rule.endpoint].__module__
        if "POST" not in rule.methods or rule.endpoint in without_csrf or module.endswith(".api"):
            continue
        if (
            module in exempt_modules
            or app.blueprints.get(rule.endpoint.split(".")[0]) in csrf._exempt_blueprints
        ):
            continue
        path = re.sub(r"<[^>]+>", "x", re.sub(r"<int:[^>]+>", "1", str(rule.rule)))
        answer = browser.post(path)
        assert answer.status_code == 400, f"{path} took a form without a token"
