"""The description is good enough that others' generators make clients of it whose types hold."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mailer.api.openapi import described
from tests.support.npm import require_npm, run_node

#: What a program does with the Python client; mypy judges it.
USE_IN_PYTHON = """
from client import AuthenticatedClient
from client.api.audience import index_subscribers, save_subscriber
from client.api.campaigns import send_campaign
from client.api.emails import send_email
from client.models.new_email import NewEmail
from client.models.new_subscriber import NewSubscriber
from client.models.email_shown import EmailShown

shop = AuthenticatedClient(base_url="https://mail.example.com", token="mlr_x")
found = index_subscribers.sync(client=shop, limit=10)
receipt = NewEmail(to="sam@example.com", subject="Receipt", text="Paid.")
"""

#: What a program does with the types for TypeScript; tsc judges it.
USE_IN_TYPESCRIPT = """
import type { components, operations, paths, webhooks } from "./schema";

const receipt: components["schemas"]["NewEmail"] = { to: "sam@example.com", subject: "Hi", text: "Paid." };
// @ts-expect-error: a field that does not exist
const wrong: components["schemas"]["NewEmail"] = { to: "sam@example.com", subjekt: "Receipt" };
type Subscribers = paths["/api/v1/subscribers"]["get"]["responses"]["200"]["content"]["application/json"];
export const addresses = (page: Subscribers): string[] => page.data.map((one) => one.email);
type Sent = webhooks["email.sent"]["post"]["requestBody"]["content"]["application/json"];
export const told = (event: Sent): string => `${event.type} ${event.data.email}`;
export const named: operations["save_subscriber"]["requestBody"]["content"]["application/json"] = {
  email: "ana@example.com",
};
export { receipt, wrong };
"""


@pytest.fixture
def description(app, tmp_path: Path) -> Path:
    """The OpenAPI document as a file."""
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(described(app)))
    return path


def run_python(*command: str, cwd: Path) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def test_each_kind_of_value_has_one_name(app):
    schemas = described(app)["components"]["schemas"]

    assert [name for name, schema in schemas.items() if schema["title"] != name] == []


@pytest.mark.heavy
def test_a_client_for_python_is_made_and_its_types_hold(description, tmp_path):
    (tmp_path / "config.yml").write_text("post_hooks: []\n")
    make = ("--path", description.name, "--meta", "none", "--output-path", "client", "--config", "config.yml")

    said = run_python("openapi_python_client", "generate", *make, cwd=tmp_path)
    (tmp_path / "use.py").write_text(USE_IN_PYTHON)

    assert "Unable" not in said
    assert "WARNING" not in said.upper()
    run_python("mypy", "--cache-dir", str(tmp_path / "cache"), "client", "use.py", cwd=tmp_path)


@pytest.mark.heavy
def test_types_for_typescript_are_made_and_hold(description, tmp_path):
    require_npm("openapi-typescript", "typescript")
    (tmp_path / "use.ts").write_text(USE_IN_TYPESCRIPT)
    (tmp_path / "package.json").write_text('{"type": "module"}')

    run_node(
        "node_modules/openapi-typescript/bin/cli.js", description.name, "-o", "schema.d.ts", cwd=tmp_path
    )

    run_node("node_modules/typescript/bin/tsc", "--noEmit", "--strict", "use.ts", "schema.d.ts", cwd=tmp_path)
