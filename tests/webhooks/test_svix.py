"""Another maker's receiver takes what we send: Svix's own, for Node."""

import json

from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.webhooks.endpoints import replace_secret
from mailer.webhooks.tell import tell
from tests.support.npm import require_npm, run_node

RECEIVER = """
const { Webhook } = require("svix");
const [secret, headers, body] = process.argv.slice(2);
const told = new Webhook(secret).verify(body, JSON.parse(headers));
console.log(JSON.stringify(told));
"""


def test_svix_takes_what_either_secret_signed(workspace, endpoint, receiver, work_off, tmp_path):
    require_npm("svix")
    made, old = endpoint()
    new = replace_secret(made, now=utcnow())
    tell(workspace.id, "subscriber.created", {"email": "zoë@example.com"}, now=utcnow())
    db.session.commit()
    work_off()
    ((headers, body),) = receiver.calls
    (tmp_path / "receive.cjs").write_text(RECEIVER)

    for secret in (old, new):
        said = run_node("receive.cjs", secret, json.dumps(headers), body.decode(), cwd=tmp_path)

        assert json.loads(said)["data"] == {"email": "zoë@example.com"}
