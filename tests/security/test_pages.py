"""Every page and form, walked over the URL map: who may, whose rows, and what never changes anything.

A new route is walked too; one with a new kind of id fails here until it is given one.
"""

from mailer.app import OPEN_FORMS
from tests.security.conftest import routes

#: POSTs that a viewer may make: they concern nobody but the viewer.
OWN_AFFAIRS = frozenset({"accounts.members.leave", "reports.digest"})


def test_looking_changes_nothing_and_never_fails(app, ours, ana, visit, writes):
    wrong = []
    for rule in routes(app, "GET"):
        with writes() as seen:
            answer = visit("GET", ours.url(app, rule), ana)
        if seen or answer.status_code == 500:
            wrong.append((rule.rule, answer.status_code, seen))

    assert wrong == []


def test_pages_of_a_workspace_ask_for_a_session(app, ours, visit):
    wrong = []
    for method in ("GET", "POST"):
        for rule in routes(app, method, "/w/"):
            answer = visit(method, ours.url(app, rule))
            if not (answer.status_code == 302 and "/login" in answer.location):
                wrong.append((method, rule.rule, answer.status_code))

    assert wrong == []


def test_for_a_stranger_the_workspace_does_not_exist(app, ours, cleo, visit, writes):
    wrong = []
    for method in ("GET", "POST"):
        for rule in routes(app, method, "/w/"):
            with writes() as seen:
                answer = visit(method, ours.url(app, rule), cleo)
            if answer.status_code != 404 or seen:
                wrong.append((method, rule.rule, answer.status_code, seen))

    assert wrong == []


#: What two workspaces call the same.
NAMED_ALIKE = {"workspace", "number", "client", "language", "key"}


def test_ids_of_another_workspace_are_not_found(app, ours, theirs, ana, visit, writes):
    wrong = []
    for method in ("GET", "POST"):
        for rule in routes(app, method, "/w/"):
            for name in rule.arguments - NAMED_ALIKE:
                with writes() as seen:
                    answer = visit(method, ours.url(app, rule, **{name: theirs.values[name]}), ana)
                if answer.status_code != 404 or seen:
                    wrong.append((method, rule.rule, name, answer.status_code, seen))

    assert wrong == []


def test_a_viewer_changes_nothing(app, ours, vera, visit, writes):
    wrong = []
    for rule in routes(app, "POST", "/w/"):
        if rule.endpoint in OWN_AFFAIRS:
            continue
        with writes() as seen:
            answer = visit("POST", ours.url(app, rule), vera)
        if answer.status_code != 403 or seen:
            wrong.append((rule.rule, answer.status_code, seen))

    assert wrong == []


def test_every_form_asks_for_a_token_against_forgery(app, ours, ana, visit, writes, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    wrong = []
    for rule in routes(app, "POST"):
        module = app.view_functions[rule.endpoint].__module__
        is_open = any(f"{module}.".startswith(f"{door}.") for door in OPEN_FORMS)
        if is_open or "api" in module.split("."):
            continue
        with writes() as seen:
            answer = visit("POST", ours.url(app, rule), ana)
        if answer.status_code != 400 or seen:
            wrong.append((rule.rule, answer.status_code, seen))

    assert wrong == []


def test_no_route_takes_other_methods(app):
    methods = {
        method
        for rule in app.url_map.iter_rules()
        if not rule.rule.startswith(("/api/", "/compat/"))
        for method in rule.methods
    }

    assert methods == {"GET", "HEAD", "OPTIONS", "POST"}
