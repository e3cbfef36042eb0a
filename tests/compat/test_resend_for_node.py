"""Resend's own client for Node, unchanged but for the address that it calls."""

import json

from sqlalchemy import select

from mailer.db import db
from mailer.transactional.models import TransactionalMessage
from tests.compat.test_clients import FROM, PDF, receipt, sources  # noqa: F401
from tests.delivery.conftest import smtp  # noqa: F401
from tests.support.npm import require_npm, run_node
from tests.transactional.conftest import read

PROGRAM = """
const { Resend } = require("resend");
const [key, baseUrl, from, pdf] = process.argv.slice(2);
const resend = new Resend(key, { baseUrl });
const email = {
  from,
  to: ["sam@example.com"],
  replyTo: "help@bakery.example",
  subject: "Receipt",
  html: "<b>Paid</b>",
  headers: { "X-Order": "17" },
  tags: [{ name: "order", value: "17" }],
  attachments: [{ filename: "a.pdf", content: Buffer.from(pdf, "base64") }],
};
const inAnHour = new Date(Date.now() + 3_600_000).toISOString();

const main = async () => {
  const said = {};
  said.sent = await resend.emails.send(email, { idempotencyKey: "order-17" });
  said.again = await resend.emails.send(email, { idempotencyKey: "order-17" });
  said.shown = await resend.emails.get(said.sent.data.id);
  const two = [{ ...email, to: "ben@example.com" }, { ...email, to: "cleo@example.com" }];
  said.batch = await resend.batch.send(two);
  const mixed = [{ ...email, to: "dora@example.com" }, { ...email, to: "gone@example.com" }];
  said.strict = await resend.batch.send(mixed);
  said.permissive = await resend.batch.send(mixed, { batchValidation: "permissive" });
  said.waiting = await resend.emails.send({ ...email, to: "vera@example.com", scheduledAt: inAnHour });
  const waiting = said.waiting.data.id;
  said.moved = await resend.emails.update({ id: waiting, scheduledAt: inAnHour });
  said.cancelled = await resend.emails.cancel(waiting);
  said.template = await resend.emails.send({
    from, to: "sam@example.com", template: { id: "receipt", variables: { sum: "€ 4" } },
  });
  said.list = await resend.emails.list({ limit: 2 });
  said.suppressed = await resend.emails.send({ ...email, to: "gone@example.com" });
  said.stranger = await new Resend("mlr_wrong", { baseUrl }).emails.send(email);
  return said;
};

main().then((said) => console.log(JSON.stringify(said)));
"""


def test_every_call_about_emails(base_url, secret, receipt, smtp, work_off, tmp_path):  # noqa: F811
    require_npm("resend")
    (tmp_path / "program.cjs").write_text(PROGRAM)

    said = json.loads(run_node("program.cjs", secret, f"{base_url}/compat/resend", FROM, PDF, cwd=tmp_path))
    work_off()

    errors = {name: answer["error"]["name"] for name, answer in said.items() if answer["error"]}
    assert errors == {
        "strict": "validation_error",
        "suppressed": "validation_error",
        "stranger": "invalid_api_key",
    }
    assert said["sent"]["data"] == said["again"]["data"]
    assert said["shown"]["data"]["subject"] == "Receipt"
    assert said["shown"]["data"]["tags"] == [{"name": "order", "value": "17"}]
    assert (len(said["batch"]["data"]["data"]), len(said["permissive"]["data"]["data"])) == (2, 1)
    assert said["permissive"]["data"]["errors"][0]["index"] == 1
    assert said["list"]["data"]["has_more"] is True
    assert said["list"]["data"]["data"][1]["last_event"] == "canceled"
    assert sources() == ["resend"] * 6
    mail = read(smtp.of("dora@example.com")[0])
    assert (mail["x-order"], mail["reply-to"]) == ("17", "help@bakery.example")
    assert [part.get_content() for part in mail.iter_attachments()] == [b"%PDF"]
    assert db.session.scalar(
        select(TransactionalMessage.scheduled_at).where(TransactionalMessage.cancelled_at.is_not(None))
    )
