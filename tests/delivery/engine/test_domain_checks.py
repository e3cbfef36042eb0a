"""The doctor's judgement on zones that are right, and on each thing that goes wrong with them."""

import pytest

from mailer.delivery.engine.domain_checks.check_domain import check_domain
from mailer.delivery.engine.domain_checks.findings import CheckKind, Health, Key, Subject
from mailer.delivery.engine.txt_records import Answer

GOOD = {
    ("bakery.example", "TXT"): ["v=spf1 a:mx1.bakery.example -all", "something else"],
    ("mx1.bakery.example", "A"): ["192.0.2.7"],
    ("7.2.0.192.in-addr.arpa", "PTR"): ["mx1.bakery.example"],
    ("_dmarc.bakery.example", "TXT"): ["v=DMARC1; p=reject; rua=mailto:d@bakery.example"],
    ("bounces.bakery.example", "MX"): ["10 mx1.bakery.example"],
    ("bounces.bakery.example", "TXT"): ["v=spf1 ip4:192.0.2.0/24 ~all"],
    ("links.bakery.example", "A"): ["192.0.2.8"],
    ("default._bimi.bakery.example", "TXT"): ["v=BIMI1; l=https://bakery.example/logo.svg"],
    ("_mta-sts.bakery.example", "TXT"): ["v=STSv1; id=1"],
    ("_smtp._tls.bakery.example", "TXT"): ["v=TLSRPTv1; rua=mailto:t@bakery.example"],
}
BAKERY = Subject(
    "bakery.example",
    server="mx1.bakery.example",
    return_path="bounces.bakery.example",
    tracking_host="links.bakery.example",
    keys=(Key("m._domainkey.bakery.example", "v=DKIM1; p=A", "", is_active=True),),
)


def ask_of(zone):
    return lambda name, kind: Answer(tuple(zone.get((name, kind), ())))


def found(subject=BAKERY, zone=GOOD, without=(), **more):
    zone = {key: value for key, value in zone.items() if key not in without} | more.get("records", {})
    return {each.kind: each for each in check_domain(subject, ask_of(zone))}


def test_a_domain_in_good_health():
    assert {kind: each.health for kind, each in found().items()} == dict.fromkeys(CheckKind, Health.GOOD)


SPF_AT = ("bounces.bakery.example", "TXT")
DMARC_AT = ("_dmarc.bakery.example", "TXT")
MANY = {(f"s{n}.example", "TXT"): [f"v=spf1 include:s{n + 1}.example ~all"] for n in range(12)}


@pytest.mark.parametrize(
    ("records", "kind", "health", "says"),
    [
        ({SPF_AT: []}, CheckKind.SPF, Health.BAD, "no SPF record"),
        ({SPF_AT: ["v=spf1 a ~all", "v=spf1 mx ~all"]}, CheckKind.SPF, Health.BAD, "several"),
        ({SPF_AT: ["v=spf1 include:s0.example ~all"], **MANY}, CheckKind.SPF, Health.BAD, "10 look-ups"),
        ({SPF_AT: ["v=spf1 ip4:198.51.100.1 -all"]}, CheckKind.SPF, Health.WARN, "does not name"),
        ({DMARC_AT: []}, CheckKind.DMARC, Health.BAD, "no DMARC record"),
        ({DMARC_AT: ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}, CheckKind.DMARC, Health.BAD, "none. Keep"),
        ({DMARC_AT: ["v=DMARC1; p=nonsense"]}, CheckKind.DMARC, Health.BAD, "cannot be understood"),
        ({DMARC_AT: ["v=DMARC1; p=reject"]}, CheckKind.DMARC, Health.WARN, "nobody to report to"),
        ({DMARC_AT: ["v=DMARC1; p=none; rua=mailto:a@b.example"]}, CheckKind.BIMI, Health.WARN, "quarantine"),
        ({("bounces.bakery.example", "MX"): []}, CheckKind.RETURN_PATH, Health.BAD, "no MX"),
        ({("7.2.0.192.in-addr.arpa", "PTR"): []}, CheckKind.PTR, Health.WARN, "has no name"),
        (
            {("7.2.0.192.in-addr.arpa", "PTR"): ["x.example"]},
            CheckKind.PTR,
            Health.WARN,
            "does not lead back",
        ),
        ({("links.bakery.example", "A"): []}, CheckKind.TRACKING, Health.BAD, "has no address"),
        ({("_smtp._tls.bakery.example", "TXT"): []}, CheckKind.TLS_RPT, Health.OPTIONAL, "8460"),
    ],
)
def test_what_is_wrong_is_found_and_said(records, kind, health, says):
    each = found(records=records)[kind]

    assert each.health is health
    assert says in each.advice


def test_the_policy_of_a_domain_above_counts():
    subject = Subject("news.bakery.example", keys=BAKERY.keys)

    assert found(subject)[CheckKind.DMARC].health is Health.GOOD


def test_a_service_has_to_be_included_and_the_record_is_written_out():
    subject = Subject("bakery.example", server="email-smtp.eu-west-1.amazonaws.com")

    each = found(subject)[CheckKind.SPF]

    assert each.health is Health.BAD
    assert each.record[2] == "v=spf1 include:amazonses.com a:mx1.bakery.example -all"


def test_a_dns_that_does_not_answer_says_nothing_about_the_records():
    silent = Answer(problem="The DNS did not answer in time.", is_authentic=False)

    healths = {each.kind: each.health for each in check_domain(BAKERY, lambda name, kind: silent)}

    assert healths.pop(CheckKind.DKIM) is Health.GOOD
    assert set(healths.values()) == {Health.UNKNOWN}
