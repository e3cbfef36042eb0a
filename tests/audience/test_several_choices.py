"""A field of several choices: ticked by staff, by the person, on a form; set for many; by programs."""

import re

import pytest

from mailer.audience.fields import create_field, update_field
from mailer.audience.models import Editor, FieldType, Subscriber
from mailer.current import links
from mailer.db import db
from mailer.errors import Invalid
from mailer.signup.designs import read_design
from mailer.signup.models import WaitingEntry
from mailer.signup.save_form import create_form
from mailer.signup.sign_up import sign_up
from tests import factories
from tests.factories import refreshed

OFFERED = ["Rye", "Spelt", "White, soft"]


@pytest.fixture
def breads(workspace):
    return create_field(workspace.id, "Breads", type=FieldType.CHOICES, choices=OFFERED, editor=Editor.PERSON)


@pytest.fixture
def rosa(workspace, breads):
    person = factories.subscriber(workspace, "rosa@example.com", fields={"breads": ["Rye"]})
    db.session.commit()
    return person


def ticked(page):
    return re.findall(r'<input [^>]*checked[^>]*value="([^"]+)"', page.text) + re.findall(
        r'<input [^>]*value="([^"]+)"[^>]*checked', page.text
    )


def test_staff_tick_and_untick(workspace, rosa, ana, sign_in):
    browser, address = sign_in(ana), f"/w/bakery/subscribers/{rosa.public_id}"
    assert ticked(browser.get(f"{address}/edit")) == ["Rye"]

    browser.post(address, data={"email": rosa.email, "fields.breads": ["White, soft", "Spelt"]})
    assert refreshed(rosa).fields == {"breads": ["Spelt", "White, soft"]}
    assert "Spelt, White, soft" in browser.get(address).text

    browser.post(address, data={"email": rosa.email})
    assert refreshed(rosa).fields == {}


def test_a_choice_that_is_gone_stays_with_whoever_has_it(rosa, breads, ana, sign_in):
    update_field(breads, label="Breads", choices=OFFERED[1:])
    db.session.commit()

    sign_in(ana).post(
        f"/w/bakery/subscribers/{rosa.public_id}",
        data={"email": rosa.email, "name": "Rosa", "fields.breads": ["Rye"]},
    )

    assert (refreshed(rosa).name, rosa.fields) == ("Rosa", {"breads": ["Rye"]})


def test_a_person_ticks_on_the_preference_page(client, rosa):
    address = links().preferences_url(rosa.id).removeprefix("http://localhost")
    assert ticked(client.get(address)) == ["Rye"]

    answer = client.post(address, data={"name": "", "frequency": "", "fields.breads": ["Spelt", "Rye"]})

    assert answer.status_code == 303
    assert refreshed(rosa).fields == {"breads": ["Rye", "Spelt"]}


def test_a_form_asks_without_a_script(client, workspace, breads):
    design = {
        "list_ids": [factories.mailing_list(workspace).public_id],
        "inputs": [{"key": "breads", "asking": "required"}],
    }
    form = create_form(workspace.id, "Shop", read_design(design), by=None)
    db.session.commit()
    address = f"/s/{form.public_id}"
    page = client.get(address)
    opened = re.search(r'name="opened"[^>]*value="([^"]+)"', page.text)[1]
    assert "<legend>Breads" in page.text

    typed = {"opened": opened, "email": "sam@example.com"}
    assert client.post(address, data=typed).status_code == 422
    refused = client.post(address, data={**typed, "fields.breads": ["Rye", "Spelt"], "email": "sam"})
    assert sorted(ticked(refused)) == ["Rye", "Spelt"]
    assert client.post(address, data={**typed, "fields.breads": ["Rye", "Spelt"]}).status_code == 303

    sign_up(db.session.query(WaitingEntry).one().id)
    assert db.session.query(Subscriber).one().fields == {"breads": ["Rye", "Spelt"]}


def test_no_choice_has_the_sign_that_parts_them(workspace):
    with pytest.raises(Invalid) as refused:
        create_field(workspace.id, "Breads", type=FieldType.CHOICES, choices=["Rye | Spelt"])

    assert "choices" in refused.value.fields
