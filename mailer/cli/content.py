"""Content that lives in repositories: rendered and checked without a server or a database."""

import json
import re
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from mailer.errors import Invalid

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True)
_FORMATS = click.Choice(["html", "mjml", "markdown", "design"])
_ACCENT = "#3b5bdb"
_OUR_TAG = re.compile(r"\{[{%][^{}]*\b(?:subscriber|campaign|workspace)\.")


@click.command()
@click.argument("path", type=_FILE)
@click.option("--format", "format_", type=_FORMATS, help="[default: by the file’s name or its first words]")
@click.option("--data", type=_FILE, help="JSON with the reader’s values: subscriber, workspace, campaign, …")
@click.option("--out", type=click.Choice(["eml", "html", "text"]), default="eml", show_default=True)
@click.option("--subject", default="", help="Above what the file says itself.")
@click.option("--accent", default=_ACCENT, show_default=True, help="The brand’s colour.")
def render(path: Path, format_: str | None, data: Path | None, out: str, subject: str, accent: str) -> None:
    """Print what one person would get. That is a complete message, or one of its parts.

    PATH is a design (JSON, alone or in what the API takes for a campaign), MJML, Markdown
    with front matter, or HTML; - reads standard input. Merge tags of other products in HTML
    and MJML are taken as pasting takes them: their values may stand in the data under the
    names that they have there, and a tag without a value stays as it was written.
    """
    from mailer.rendering.freeze import freeze
    from mailer.rendering.merge import Renderer
    from mailer.rendering.samples import sample_values

    source, given = _adopted(
        source_at(path, format_, subject=subject, accent=accent), _json(data) if data else {}, subject
    )
    values = sample_values(given)
    rendered = Renderer(freeze(source.design)).render(values)
    if out != "eml":
        click.echo(getattr(rendered, out), nl=False)
        return
    sys.stdout.buffer.write(_message(source, rendered, to=values["subscriber"]["email"]))


@click.command()
@click.argument("path", type=_FILE)
@click.option("--format", "format_", type=_FORMATS, help="[default: by the file’s name or its first words]")
@click.option("--data", type=_FILE, help="JSON with the reader’s values: subscriber, workspace, campaign, …")
@click.option("--subject", default="", help="Above what the file says itself.")
@click.option("--accent", default=_ACCENT, show_default=True, help="The brand’s colour.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def preflight(
    path: Path, format_: str | None, data: Path | None, subject: str, accent: str, as_json: bool
) -> None:
    """Look at a mail before it leaves. Exit 1 when there are errors in it, 2 when it cannot be read.

    PATH is what ``mailer render`` takes.
    """
    from mailer.rendering.checks import report
    from mailer.rendering.checks.findings import Severity
    from mailer.rendering.samples import sample_values

    text = _text(path)
    design = source_at(path, format_, subject=subject, accent=accent).design
    findings = report.look_at_design(design, sample_values(_json(data) if data else {}))
    if as_json:
        said = report.as_json(findings, name=str(path), design=design, source=text)
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(report.as_lines(findings, name=str(path), source=text)))
    if any(finding.severity is Severity.ERROR for finding in findings):
        sys.exit(1)


@click.group("design")
def designs() -> None:
    """Designs: documents of rows, columns and blocks."""


@designs.command("validate")
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each file.")
def design_validate(paths: tuple[Path, ...], as_json: bool) -> None:
    """Say what is wrong in design documents, and where. Exit 1 when anything is."""
    from mailer.rendering.freeze import freeze

    failed = 0
    for path in paths:
        mistakes: dict[str, str] = {}
        try:
            freeze(source_at(path, "design").design)
        except Invalid as error:
            mistakes = error.fields or {"design": error.message}
            failed += 1
        if as_json:
            click.echo(json.dumps({"path": str(path), "mistakes": mistakes}, ensure_ascii=False))
        else:
            lines = [f"{path}: {where}: {what}" for where, what in mistakes.items()]
            click.echo("\n".join(lines) or f"{path}: good")
    if failed:
        sys.exit(1)


@designs.command("schema")
def design_schema() -> None:
    """Print the JSON schema of design documents, for editors and other programs."""
    from mailer.rendering.blocks.document import Document

    click.echo(json.dumps(Document.model_json_schema(), indent=2, ensure_ascii=False))


@click.command("render")
@click.option("--times", type=click.IntRange(1, 1_000), default=50, show_default=True)
def bench_render(times: int) -> None:
    """Measure a preview and a freeze of a design of 20 blocks, in processor time."""
    from statistics import median, quantiles

    from mailer.rendering.blocks.document import Column, Document, Row
    from mailer.rendering.blocks.palette import PALETTE, new_block
    from mailer.rendering.design import Design
    from mailer.rendering.freeze import freeze
    from mailer.rendering.merge import Renderer
    from mailer.rendering.samples import sample_values

    today = datetime.now(UTC).date()
    blocks = [new_block(offer.type, today=today) for offer in (*PALETTE, *PALETTE)][:20]
    rows = tuple(Row(columns=(Column(blocks=(block,)),)) for block in blocks)
    content = Design("News", "What is new", "", "design", document=Document(rows=rows))
    values = sample_values()
    frozen, previewed = [], []
    for turn in range(times):
        # Words of its own each time: nothing comes from a cache.
        one = Design(f"News {turn}", "What is new", "", "design", document=content.document)
        began = time.process_time()
        message = freeze(one)
        frozen.append(time.process_time() - began)
        Renderer(message).render(values)
        previewed.append(time.process_time() - began)
    for name, seconds, least in (("preview", previewed, 100), ("freeze", frozen, 500)):
        most = quantiles(seconds, n=20)[-1] if times > 1 else seconds[0]
        click.echo(
            f"{name}: first {seconds[0] * 1000:.0f} ms, median {median(seconds) * 1000:.1f} ms, "
            f"19 of 20 within {most * 1000:.1f} ms (wanted: {least} ms)"
        )


def source_at(path: Path, format_: str | None, *, subject: str = "", accent: str = _ACCENT) -> Any:
    """Return what a file says, as ``mailer.rendering.source.Source``.

    :raises Invalid: it cannot be read
    """
    from mailer.rendering.brand import Brand
    from mailer.rendering.source import format_of, read_source

    if not re.fullmatch(r"#[0-9a-fA-F]{6}", accent):
        raise Invalid("Write the colour like #3b5bdb.")
    text = _text(path)
    brand = Brand(accent=accent)
    return read_source(text, format_=format_ or format_of(path.name, text), subject=subject, brand=brand)


def _adopted(source: Any, given: dict[str, Any], subject: str) -> tuple[Any, dict[str, Any]]:
    """Make the tags of other products ours, and their values those of the reader."""
    from mailer.rendering.adopt import adopt
    from mailer.rendering.language import BadTag, check

    design = source.design
    # One tag of ours makes it a mail of ours, in which a misspelling is a mistake.
    if design.format not in ("html", "mjml") or _OUR_TAG.search(design.body):
        return source, given
    try:
        check(design.body)
    except BadTag:
        taken = adopt(design.body)
    else:
        return source, given
    told = given.get("subscriber")
    reader: dict[str, Any] = told if isinstance(told, dict) else {}
    fields = {
        **{name: f"{{{{{name}}}}}" for name in taken.fields},
        **{name: given[name] for name in taken.fields if name in given},
        **(reader.get("fields") or {}),
    }
    usual = {name: given[name] for name in ("name", "email") if isinstance(given.get(name), str)}
    click.echo(f"Tags of another product became fields: {', '.join(taken.fields) or 'none'}.", err=True)
    design = replace(design, body=taken.source, subject=subject or taken.subject)
    return replace(source, design=design), {**given, "subscriber": {**usual, **reader, "fields": fields}}


def _text(path: Path) -> str:
    try:
        if str(path) == "-":
            return sys.stdin.buffer.read().decode()
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Invalid(f"{path} is not text in UTF-8.") from None


def _json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(_text(path))
    except ValueError as error:
        raise Invalid(f"{path} is not JSON: {error}.") from None
    if not isinstance(values, dict):
        raise Invalid(f"{path} is not a JSON object such as {{“subscriber”: {{…}}}}.")
    return values


def _message(source: Any, rendered: Any, *, to: str) -> bytes:
    from mailer.delivery.engine.header_fields import header
    from mailer.delivery.engine.mime import FormLetter
    from mailer.lib.clock import utcnow
    from mailer.lib.ids import uuid7

    name, address = source.sender
    address = address or "sender@example.com"
    identifier = uuid7().hex
    letter = FormLetter(from_name=name, from_email=address, boundary=identifier, reply_to=source.reply_to)
    head = letter.head(
        to=to,
        subject=rendered.subject,
        message_id=f"{identifier}@{address.rpartition('@')[2]}",
        date=utcnow(),
        headers=header("List-Unsubscribe", "<https://example.com/unsubscribe>"),
    )
    return head + b"\r\n" + letter.write([rendered.text], [rendered.html])
