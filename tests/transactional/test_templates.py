"""Templates filled in with a program's variables."""

import pytest

from mailer.composing.gallery import GALLERY, gallery_design
from mailer.composing.save_template import create_template
from mailer.db import db
from mailer.rendering.variables import declared
from mailer.transactional.models import TemplateUse
from tests import factories
from tests.transactional.conftest import read, receipt

RENDER = "/api/v1/emails/render"
LAYOUT = (
    "<html><body><h1>Hello {{ variables.name | default('you') }}</h1>"
    "{% for item in variables.items %}<p>{{ item.title }}: {{ item.price }}</p>{% endfor %}"
    "{{ content }}<p>Order {{ variables.order }} of {{ workspace.name }}</p></body></html>"
)


@pytest.fixture
def order(workspace):
    template = create_template(workspace.id, name="Order", html=LAYOUT)
    factories.add(
        TemplateUse(
            template_id=template.id,
            workspace_id=workspace.id,
            alias="order",
            subject="Order {{ variables.order }}",
        )
    )
    db.session.commit()
    return template


def test_a_template_declares_what_it_uses():
    source = (
        "{{ variables.a }} {{ variables.b | default('x') }} {% if variables.c %}{{ variables.c }}{% endif %}"
        "{% for x in variables.d %}{{ x.y }}{% endfor %} {{ variables.e.f }} {{ subscriber.name }}"
    )

    assert declared(source) == {"a": True, "b": False, "c": False, "d": False, "e": True}


def test_a_template_by_its_alias_is_filled_in(shop, order, smtp, work_off):
    variables = {"order": 17, "items": [{"title": "Rye & Co", "price": "€ 4"}]}

    answer = shop.post(
        "/api/v1/emails",
        json={
            "from": "ana@bakery.example",
            "to": "sam@example.com",
            "html": "<p>Thanks</p>",
            "template": {"alias": "order", "variables": variables},
        },
    )
    work_off()

    assert answer.status_code == 200, answer.json
    mail = read(smtp.received[0])
    html = mail.get_body(("html",)).get_content()
    assert mail["subject"] == "Order 17"
    assert "Rye &amp; Co: € 4" in html
    assert "<p>Thanks</p>" in html
    assert "Order 17 of Ana’s Bakery" in html
    assert "Unsubscribe" not in html
    assert "Rye & Co: € 4" in mail.get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "needs “order”"),
        ({"order": 1, "nmae": "Sam"}, "Did you mean “name”?"),
    ],
)
def test_variables_are_checked_against_what_the_template_declares(shop, order, variables, words):
    answer = shop.post(
        RENDER, json=receipt(html="", template={"id": order.public_id, "variables": variables})
    )

    assert answer.status_code == 422
    assert words in answer.json["message"]


def test_values_are_words_and_no_markup_or_tags(shop, order):
    variables = {"order": "<b>{{ workspace.name }}</b>"}

    shown = shop.post(RENDER, json=receipt(html="", template={"alias": "order", "variables": variables})).json

    assert "Order &lt;b&gt;{{ workspace.name }}&lt;/b&gt; of" in shown["html"]


def test_what_is_not_published_is_not_sent(shop, workspace):
    draft = create_template(workspace.id, name="Draft", html=LAYOUT, is_published=False)
    db.session.commit()

    answer = shop.post(RENDER, json=receipt(html="", template={"id": draft.public_id}))

    assert answer.status_code == 409


def test_a_design_of_the_builder_loses_its_way_to_unsubscribe(shop, workspace):
    design = create_template(workspace.id, name="Built", document=gallery_design(GALLERY[0].key))
    db.session.commit()

    shown = shop.post(RENDER, json=receipt(html="", template={"id": design.public_id})).json

    assert "<body" in shown["html"]
    assert "Unsubscribe" not in shown["html"] + shown["text"]


def test_a_template_of_another_workspace_is_unknown(shop, order, program, other_workspace):
    answer = program(other_workspace).post(
        RENDER, json=receipt(html="", template={"alias": "order", "variables": {"order": 1}})
    )

    assert answer.status_code == 422
