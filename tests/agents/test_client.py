"""An assistant's own client, from the makers of the protocol, against the running product."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from mailer.accounts.keys import create_key
from mailer.accounts.scopes import EVERYTHING, READING
from mailer.audience.models import Subscriber
from mailer.db import db


@pytest.fixture
def talk(base_url, workspace) -> Callable[..., Any]:
    """Return a way to let a client do something with a key of some scopes."""

    def with_scopes(conversation: Callable[[Client], Any], *scopes: str) -> Any:
        _, secret = create_key(workspace.id, name="Assistant", scopes=scopes or [EVERYTHING])
        db.session.commit()

        async def go() -> Any:
            headers = {"Authorization": f"Bearer {secret}"}
            async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
                transport = streamable_http_client(f"{base_url}/api/v1/mcp", http_client=http)
                async with Client(transport) as client:
                    return await conversation(client)

        return asyncio.run(go())

    return with_scopes


def test_a_client_reads_tries_and_writes(talk, workspace):
    async def conversation(client):
        tools = {tool.name for tool in (await client.list_tools()).tools}
        tried = await client.call_tool("save_subscriber", {"email": "ana@example.com", "dry_run": True})
        made = await client.call_tool("save_subscriber", {"email": "ben@example.com", "name": "Ben"})
        found = await client.call_tool("index_subscribers", {"limit": 5})
        return tools, tried, made, found

    tools, tried, made, found = talk(conversation)

    assert {"save_subscriber", "send_campaign", "index_subscribers"} <= tools
    assert "would succeed" in tried.content[0].text
    assert made.structured_content["name"] == "Ben"
    assert [one["email"] for one in found.structured_content["data"]] == ["ben@example.com"]
    assert [row.email for row in db.session.query(Subscriber)] == ["ben@example.com"]


def test_a_reading_key_is_offered_no_writing(talk):
    async def conversation(client):
        return (await client.list_tools()).tools

    tools = talk(conversation, READING)

    assert {tool.name for tool in tools if not tool.annotations.read_only_hint} == {"preview_segment"}
