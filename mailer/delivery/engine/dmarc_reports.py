"""Reading DMARC aggregate reports (RFC 9990): XML from strangers, alone, packed, or in a mail.

Whatever a stranger sends is bounded: how much is unpacked, how many sources are read, and
XML that declares entities is refused.
"""

import email
import email.policy
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from mailer.errors import Invalid

#: Of a report, unpacked. The largest that receivers send for a big domain are a few megabytes.
LARGEST_BYTES: Final = 20 * 1024 * 1024
_MOST_FILES: Final = 20
_MOST_SOURCES: Final = 20_000
_PACKED: Final = re.compile(
    rb"^content-type:\s*(application/(x-)?(gzip|zip)|(text|application)/xml)|name=[^\r\n]*\.(xml|gz|zip)\b",
    re.IGNORECASE | re.MULTILINE,
)
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"


@dataclass(frozen=True)
class Source:
    """Mail from one address, as one receiver saw it.

    :param dkim_passed: and aligned: for the domain of the From line
    :param disposition: what was done with it: none, quarantine or reject
    """

    address: str
    count: int
    dkim_passed: bool
    spf_passed: bool
    disposition: str
    header_from: str


@dataclass(frozen=True)
class Report:
    """What one receiver saw of a domain in a span."""

    reporter: str
    report_id: str
    domain: str
    policy: str
    begins_at: datetime
    ends_at: datetime
    sources: tuple[Source, ...]


def read_reports(data: bytes) -> list[Report]:
    """Return the reports in a file: XML, gzip or zip of it, or a mail with any of these.

    :raises Invalid: with what is wrong, when nothing in it is a report
    """
    files = list(_files_in(data))
    reports = [report for each in files if (report := _report_in(each)) is not None]
    if not reports:
        raise Invalid("This is no DMARC report: it should be XML, or a .gz, .zip or .eml that holds some.")
    return reports


def has_report(mail: bytes) -> bool:
    """Whether a mail may hold a report; whoever says yes too often only costs time."""
    return _PACKED.search(mail) is not None


def _files_in(data: bytes) -> Iterator[bytes]:
    if data[:2] == _GZIP or data[:4] == _ZIP or _looks_like_xml(data):
        yield from _unpacked(data)
        return
    mail = email.message_from_bytes(data, policy=email.policy.default)
    for number, part in enumerate(mail.walk()):
        if number < 2 * _MOST_FILES and _is_attached_report(part):
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                yield from _unpacked(content)


def _is_attached_report(part: Any) -> bool:
    kind, name = part.get_content_type(), str(part.get_filename() or "").lower()
    is_packed = kind in (
        "application/gzip",
        "application/x-gzip",
        "application/zip",
        "application/x-zip-compressed",
    )
    is_xml = kind in ("text/xml", "application/xml")
    return is_packed or is_xml or name.endswith((".xml", ".xml.gz", ".gz", ".zip"))


def _looks_like_xml(data: bytes) -> bool:
    return data.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<"


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Yield what a packed file holds, never more than :data:`LARGEST_BYTES` of each."""
    try:
        if data[:2] == _GZIP:
            yield _bounded(gzip.GzipFile(fileobj=io.BytesIO(data)))
        elif data[:4] == _ZIP:
            yield from _unzipped(data)
        else:
            yield data[: LARGEST_BYTES + 1]
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return


def _unzipped(data: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist()[:_MOST_FILES]:
            with archive.open(name) as file:
                yield _bounded(file)


def _bounded(file: Any) -> bytes:
    data: bytes = file.read(LARGEST_BYTES + 1)
    return data


def _report_in(data: bytes) -> Report | None:
    """Return the report that XML holds, whatever namespace it declares; None when it is none."""
    if len(data) > LARGEST_BYTES:
        raise Invalid(f"A report is larger than {LARGEST_BYTES // 1024 // 1024} MB.")
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    if _name(root) != "feedback":
        return None
    about, published = _child(root, "report_metadata"), _child(root, "policy_published")
    span = _child(about, "date_range")
    domain = _text(published, "domain").lower().rstrip(".")
    if not domain:
        return None
    return Report(
        reporter=_text(about, "org_name")[:200] or "Somebody",
        report_id=_text(about, "report_id")[:200],
        domain=domain[:253],
        policy=_text(published, "p").lower()[:12],
        begins_at=_moment(_text(span, "begin")),
        ends_at=_moment(_text(span, "end")),
        sources=tuple(source for record in _records(root) if (source := _source(record)) is not None),
    )


def _records(root: Element) -> list[Element]:
    return [each for each in root if _name(each) == "record"][:_MOST_SOURCES]


def _source(record: Element) -> Source | None:
    row = _child(record, "row")
    judged = _child(row, "policy_evaluated")
    try:
        address, count = str(ip_address(_text(row, "source_ip"))), int(_text(row, "count") or "0")
    except ValueError:
        return None
    return Source(
        address=address,
        count=min(max(count, 0), 2_000_000_000),
        dkim_passed=_text(judged, "dkim").lower() == "pass",
        spf_passed=_text(judged, "spf").lower() == "pass",
        disposition=_text(judged, "disposition").lower()[:12],
        header_from=_text(_child(record, "identifiers"), "header_from").lower()[:253],
    )


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _child(element: Element | None, name: str) -> Element | None:
    return next((each for each in element if _name(each) == name), None) if element is not None else None


def _text(element: Element | None, name: str) -> str:
    found = _child(element, name)
    return " ".join((found.text or "").split()) if found is not None else ""


def _moment(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
