"""DMARC reports as receivers pack them, and as attackers would."""

import gzip
import io
import json
import zipfile
from email.message import EmailMessage

import pytest

from mailer.delivery.engine import dmarc_reports
from mailer.delivery.engine.dmarc_reports import has_report, read_reports
from mailer.errors import Invalid
from tests.corpora import corpus

XML = b"""<?xml version="1.0"?><feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">
<report_metadata><org_name>Post</org_name><report_id>r1</report_id>
<date_range><begin>1780000000</begin><end>1780086400</end></date_range></report_metadata>
<policy_published><domain>Bakery.example</domain><p>none</p></policy_published>
<record><row><source_ip>192.0.2.7</source_ip><count>12</count>
<policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>bakery.example</header_from></identifiers></record>
<record><row><source_ip>nonsense</source_ip><count>1</count></row></record></feedback>"""


def zipped(data, name="report.xml"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


def mailed(data, kind="gzip"):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "noreply@post.example", "d@bakery.example", "Report domain"
    mail.set_content("See the attachment.")
    mail.add_attachment(data, maintype="application", subtype=kind, filename="report.xml.gz")
    return mail.as_bytes()


@pytest.mark.parametrize("data", [XML, gzip.compress(XML), zipped(XML), mailed(gzip.compress(XML))])
def test_however_it_is_packed(data):
    (report,) = read_reports(data)

    assert (report.reporter, report.domain, report.policy) == ("Post", "bakery.example", "none")
    (source,) = report.sources
    assert (source.address, source.count, source.dkim_passed, source.spf_passed) == (
        "192.0.2.7",
        12,
        True,
        False,
    )


def test_mails_that_may_hold_one_are_told_from_others():
    assert has_report(mailed(b""))
    assert not has_report(b"From: a@b.example\r\nContent-Type: text/plain\r\n\r\nHello")


ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE feedback [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>
<feedback><policy_published><domain>&b;</domain></policy_published></feedback>"""
FILES = b"""<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<feedback><policy_published><domain>&x;</domain></policy_published></feedback>"""


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"<a/>", ENTITIES, FILES, b"\x1f\x8bbroken", b"PK\x03\x04broken", zipped(b"<a>")]
)
def test_what_is_no_report_is_refused_in_words(data):
    with pytest.raises(Invalid, match="no DMARC report"):
        read_reports(data)


@pytest.mark.parametrize("pack", [gzip.compress, zipped])
def test_a_bomb_is_not_unpacked(pack, monkeypatch):
    monkeypatch.setattr(dmarc_reports, "LARGEST_BYTES", 1024 * 1024)

    with pytest.raises(Invalid, match="larger than 1 MB"):
        read_reports(pack(b"<" + b" " * 8 * 1024 * 1024))


def test_the_corpus_is_read_as_it_is_labelled():
    for path in sorted(corpus("dmarc").rglob("*.json")):
        labelled = json.loads(path.read_text())
        source = next(each for each in (path.with_suffix(".xml"), path.with_suffix(".eml")) if each.exists())

        report = read_reports(source.read_bytes())[0]

        assert report.domain == labelled["policy_published"]["domain"]
        assert report.report_id == labelled["report_metadata"]["report_id"]
        rows = [each["row"] for each in labelled["record"]]
        assert [(each.address, each.count) for each in report.sources] == [
            (row["source_ip"], row["count"]) for row in rows
        ]
        assert [(each.dkim_passed, each.spf_passed) for each in report.sources] == [
            tuple(row["policy_evaluated"][name] == "Pass" for name in ("dkim", "spf")) for row in rows
        ]
