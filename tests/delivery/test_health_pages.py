"""The page of a domain's health: records, reputation, DMARC reports; and the daily look."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from mailer.bounces.models import Via
from mailer.bounces.receive import receive
from mailer.db import db
from mailer.delivery.compose import Composer
from mailer.delivery.dmarc import sendings_of
from mailer.delivery.doctor import ailing, check_domains, checks_of, examine
from mailer.delivery.domains import add_domain
from mailer.delivery.engine import txt_records
from mailer.delivery.engine.domain_checks.findings import CheckKind, Health
from mailer.delivery.models import Delivery, Message, MessageKind, SendingSum
from mailer.delivery.sending_sums import Fate, slot_of
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7
from tests.delivery.conftest import message_of
from tests.delivery.engine.test_dmarc_reports import XML, mailed, zipped
from tests.support.dns import name_server


@pytest.fixture
def zone(monkeypatch):
    monkeypatch.setattr(txt_records, "_PATIENCE_SECONDS", 1.0)
    with name_server(monkeypatch) as records:
        yield records


@pytest.fixture
def bakery(workspace):
    """A domain that mail is sent from."""
    made = add_domain(workspace.id, "bakery.example")
    db.session.commit()
    return made


def page_of(domain):
    return f"/w/bakery/settings/domains/{domain.public_id}/health"


def mails_about_domains():
    """Whom the doctor wrote to, and what."""
    return db.session.execute(
        select(Delivery.email, Message.text)
        .join(Message, Message.id == Delivery.message_id)
        .where(Message.kind == MessageKind.SYSTEM)
    ).all()


def health_of(domain, kind):
    return next((each for each in checks_of(domain) if each.kind is kind), None)


def test_records_are_looked_up_and_what_to_paste_is_shown(sign_in, ana, zone, bakery):
    zone["bakery.example"] = "v=spf1 -all"
    zone["links.bakery.example A"] = "192.0.2.1"
    client = sign_in(ana)

    page = client.post(page_of(bakery), follow_redirects=True).text

    assert "v=spf1 -all" in page
    assert "There is no DMARC record" in page
    assert "v=DMARC1; p=none; rua=mailto:dmarc@bakery.example" in page
    assert "to mend" in client.get("/w/bakery/").text


def test_each_domain_is_looked_at_once_a_day(zone, workspace, bakery):
    now = utcnow()
    check_domains(now=now)
    zone["_dmarc.bakery.example"] = "v=DMARC1; p=reject; rua=mailto:d@bakery.example"
    check_domains(now=now + timedelta(hours=20))
    assert health_of(bakery, CheckKind.DMARC).health is Health.BAD

    check_domains(now=now + timedelta(hours=25))

    assert health_of(bakery, CheckKind.DMARC).health is Health.GOOD
    assert health_of(bakery, CheckKind.DMARC).since == now + timedelta(hours=25)


def test_owners_are_told_once_of_what_got_worse(zone, workspace, ana, ben, bakery):
    now = utcnow()
    zone["_dmarc.bakery.example"] = "v=DMARC1; p=reject; rua=mailto:d@bakery.example"
    zone["links.bakery.example A"] = "192.0.2.1"
    check_domains(now=now)
    assert mails_about_domains() == []

    del zone["_dmarc.bakery.example"]
    for hours in (25, 50, 75):
        check_domains(now=now + timedelta(hours=hours))

    ((address, text),) = mails_about_domains()
    assert address == ana.email
    assert "DMARC: There is no DMARC record for bakery.example" in text
    assert "SPF" not in text
    assert f"{page_of(bakery)}" in text


def test_a_silent_dns_forgets_nothing(zone, workspace, bakery):
    zone["_dmarc.bakery.example"] = "v=DMARC1; p=reject; rua=mailto:d@bakery.example"
    examine(bakery.id, now=utcnow())
    db.session.commit()
    zone.rcode = 2

    examine(bakery.id, now=utcnow())

    assert health_of(bakery, CheckKind.DMARC).health is Health.GOOD
    assert [each.kind for _, checks in ailing(workspace) for each in checks] == [
        CheckKind.DKIM,
        CheckKind.SPF,
    ]


def test_mail_by_provider_and_day(sign_in, ana, workspace, bakery):
    none = dict.fromkeys((fate.value for fate in Fate), 0)
    slot = slot_of(utcnow())
    for domain, accepted in (("bakery.example", 900), ("news.bakery.example", 100), ("cheese.example", 7)):
        db.session.add(
            SendingSum(
                workspace_id=workspace.id,
                domain=domain,
                provider="Gmail",
                campaign_id=uuid7(),
                slot=slot,
                **{**none, "accepted": accepted, "complaints": accepted // 100},
            )
        )

    page = sign_in(ana).get(page_of(bakery)).text

    assert "1,000" in page
    assert "1.0%" in page
    assert "By mailbox provider" in page


def test_dmarc_reports_come_by_upload_and_by_mail_once(sign_in, ana, workspace, bakery):
    client = sign_in(ana)
    files = {"files": [(io.BytesIO(zipped(XML)), "report.zip"), (io.BytesIO(b"no"), "no.xml")]}

    page = client.post(
        page_of(bakery).replace("health", "dmarc-reports"), data=files, follow_redirects=True
    ).text
    receive(mailed(XML, "xml"), workspace_id=workspace.id, via=Via.MAILBOX, now=utcnow())
    db.session.commit()

    assert "no.xml: This is no DMARC report" in page
    (sending,) = sendings_of(bakery, since=utcnow() - timedelta(days=10_000))
    assert (sending.address, sending.total, sending.passed) == ("192.0.2.7", 12, 12)


def test_links_are_of_an_own_host_once_it_leads_here(sign_in, ana, workspace, zone, bakery):
    client, address = sign_in(ana), f"/w/bakery/settings/domains/{bakery.public_id}"
    message = message_of(workspace, from_email="ana@news.bakery.example")
    delivery = Delivery(id=uuid7(), email="a@example.com", message_id=message.id)

    def body():
        return Composer(message).render(delivery, None).html

    page = client.post(
        f"{address}/tracking-host", data={"tracking_host": "links.bakery.example"}, follow_redirects=True
    ).text
    assert "Publish “links.bakery.example CNAME localhost”" in page
    assert "http://localhost/c/" in body()

    zone["localhost A"] = zone["links.bakery.example A"] = "192.0.2.9"
    client.post(page_of(bakery))
    assert "http://links.bakery.example/c/" in body()

    zone["links.bakery.example A"] = "192.0.2.10"
    client.post(page_of(bakery))
    assert "http://localhost/c/" in body()
    assert client.post(f"{address}/tracking-host", data={"tracking_host": "no host"}).status_code == 422
