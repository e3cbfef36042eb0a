"""Two workspaces with one of everything, and ways to call every route of the application."""

import contextvars
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.routing import Rule

from mailer.accounts.keys import create_key
from mailer.accounts.models import Invitation, Membership, User, Workspace
from mailer.accounts.roles import Role
from mailer.accounts.scopes import EVERYTHING
from mailer.audience.fields import create_field
from mailer.audience.models import Import, SubscriptionStatus
from mailer.audience.notes import add_note
from mailer.audience.tags import add_tags, tags_named
from mailer.bounces.models import Hook, Provider
from mailer.bulk_changes.begin import begin_change
from mailer.bulk_changes.models import ChangeKind
from mailer.campaigns.models import CampaignMend
from mailer.campaigns.share_preview import address_of, comment_on, share_preview
from mailer.campaigns.test_groups import save_group
from mailer.campaigns.variants import add_variant
from mailer.composing.gallery import GALLERY
from mailer.composing.media.upload import upload_picture
from mailer.composing.models import SavedBlock, Template
from mailer.config import Settings
from mailer.consent.models import StreamSuppression, SuppressionReason
from mailer.consent.suppress import suppress
from mailer.current import links
from mailer.db import db
from mailer.delivery.domains import add_domain
from mailer.delivery.models import DomainLimit, Sender, Tls, Transport
from mailer.events.record_event import record_event
from mailer.exports.begin import begin_export
from mailer.exports.models import ExportFormat, ExportKind
from mailer.lib.clock import utcnow
from mailer.lib.ids import public_id, uuid7
from mailer.rendering.checks.degrade import PREVIEWS
from mailer.segments.save import create_segment
from mailer.segments.selection import Selection
from mailer.signup.designs import Design
from mailer.signup.save_form import create_form
from mailer.transactional.letter import Letter, Mailbox
from mailer.transactional.models import Source
from mailer.transactional.send import send
from mailer.webhooks.endpoints import create_endpoint
from mailer.webhooks.tell import tell_one
from tests import factories
from tests.support.links import leave_url

_WRITES = ("INSERT", "UPDATE", "DELETE")


@dataclass
class Household:
    """One of everything that a workspace can have, by the name that routes give it."""

    workspace: Workspace
    values: dict[str, Any]
    tokens: dict[str, str]

    def url(self, app: Flask, rule: Rule, **changes: Any) -> str:
        """Return a rule's address with the ids of this household."""
        values = {name: {**self.values, **changes}[name] for name in rule.arguments - {"token"}}
        if "token" in rule.arguments:
            values["token"] = self.tokens.get(rule.rule.split("/")[1], "no-token")
        return app.url_map.bind("localhost").build(rule.endpoint, values, force_external=False)


@pytest.fixture
def furnish(app: Flask, settings: Settings) -> Callable[[Workspace, User], Household]:
    """Fill a workspace with one of everything."""

    def fill(workspace: Workspace, owner: User) -> Household:
        mailing_list = factories.mailing_list(workspace, f"List of {workspace.slug}")
        subscriber = factories.subscriber(workspace)
        pending = factories.subscription(subscriber, mailing_list, SubscriptionStatus.PENDING)
        pending.confirmation_sent_at = utcnow()
        campaign = factories.campaign(workspace, lists=[mailing_list])
        template = factories.add(
            Template(workspace_id=workspace.id, name="Plain", html="<html><body>{{ content }}</body></html>")
        )
        add_tags(subscriber, ["vip"])
        suppression = suppress(workspace.id, "gone@example.com", SuppressionReason.MANUAL)
        invitation = factories.add(
            Invitation(
                workspace_id=workspace.id,
                email="new@example.com",
                role=Role.EDITOR,
                token_hash=uuid7().hex,
                expires_at=utcnow() + timedelta(days=1),
            )
        )
        stream_suppression = factories.add(
            StreamSuppression(
                workspace_id=workspace.id,
                stream="receipts",
                email_key="gone@example.com",
                reason=SuppressionReason.COMPLAINT,
            )
        )
        folder = settings.data_dir / "imports"
        folder.mkdir(exist_ok=True)
        (folder / f"{workspace.slug}.csv").write_text("email\nana@example.com\n")
        upload = factories.add(
            Import(
                workspace_id=workspace.id,
                file_name="people.csv",
                stored_as=f"{workspace.slug}.csv",
                encoding="utf-8",
                delimiter=",",
                headings=["email"],
            )
        )
        member = db.session.query(Membership).filter_by(workspace_id=workspace.id, user_id=owner.id).one()
        key, _ = create_key(workspace.id, name="Shop", scopes=[EVERYTHING])
        sender = factories.add(Sender(workspace_id=workspace.id, name="Ana", email="ana@bakery.example"))
        sending_domain = add_domain(workspace.id, "bakery.example")
        transport = factories.add(
            Transport(workspace_id=workspace.id, host="127.0.0.1", port=1, tls=Tls.OFF, updated_at=utcnow())
        )
        limit = factories.add(DomainLimit(workspace_id=workspace.id, domains=["gmail.com"], per_second=5))
        picture = upload_picture(workspace.id, file_name="loaf.png", data=factories.picture_bytes())
        preview_link = share_preview(campaign, days=7, now=utcnow())
        comment = comment_on(campaign, "Nice.", author="Vera")
        block = factories.add(SavedBlock(workspace_id=workspace.id, name="Rule", content={"type": "divider"}))
        hook = factories.add(
            Hook(workspace_id=workspace.id, provider=next(iter(Provider)), secret_encrypted="")
        )
        regulars = {"type": "group", "match": "all", "conditions": [{"type": "did", "deed": "opened"}]}
        segment = create_segment(workspace.id, "Regulars", regulars, now=utcnow())
        change = begin_change(
            workspace.id, ChangeKind.TAG, Selection(), options={"tag": "vip"}, actor_id=owner.id, now=utcnow()
        )
        export = begin_export(
            workspace.id,
            ExportKind.SUPPRESSIONS,
            Selection(),
            format=ExportFormat.CSV,
            actor_id=owner.id,
            now=utcnow(),
        )
        mend = factories.add(CampaignMend(campaign_id=campaign.id, finding="x", before={}, revision=1))
        receipt = Letter(to=[Mailbox("", "sam@example.com")], subject="Receipt", text="Paid.")
        message_id = send(workspace, receipt, source=Source.API, now=utcnow())
        endpoint, _ = create_endpoint(workspace.id, url="https://shop.example.com/", events=["campaign.*"])
        posting = tell_one(endpoint, "webhook.test", {"message": "Hello"}, now=utcnow())
        design = Design(list_ids=(mailing_list.public_id,))
        form = create_form(workspace.id, "Counter", design, by=owner.id)
        values = {
            "workspace": workspace.slug,
            "message_id": public_id("msg", message_id),
            "form_id": form.public_id,
            "version_id": form.versions[0].public_id,
            "list_id": mailing_list.public_id,
            "subscriber_id": subscriber.public_id,
            "subscription_id": pending.public_id,
            "campaign_id": campaign.public_id,
            "template_id": template.public_id,
            "field_id": create_field(workspace.id, "City").public_id,
            "tag_id": tags_named(workspace.id, ["vip"])[0].public_id,
            "import_id": upload.public_id,
            "suppression_id": suppression.public_id,
            "stream_suppression_id": stream_suppression.public_id,
            "invitation_id": invitation.public_id,
            "member_id": member.public_id,
            "key_id": key.public_id,
            "sender_id": sender.public_id,
            "transport_id": transport.public_id,
            "limit_id": limit.public_id,
            "domain_id": sending_domain.public_id,
            "dkim_key_id": sending_domain.keys[0].public_id,
            "picture_id": picture.public_id,
            "name": picture.stored_as,
            "link_id": preview_link.public_id,
            "comment_id": comment.public_id,
            "group_id": save_group(workspace.id, "Colleagues", ["ben@example.com"]).public_id,
            "language": add_variant(campaign, "de").locale,
            "block_id": block.public_id,
            "client": next(iter(PREVIEWS)),
            "hook_id": hook.public_id,
            "mend_id": mend.public_id,
            "note_id": add_note(subscriber, "Likes rye.", author_id=None).public_id,
            "event_id": record_event(subscriber, "order.placed", now=utcnow())[0].public_id,
            "segment_id": segment.public_id,
            "change_id": change.public_id,
            "export_id": export.public_id,
            "endpoint_id": endpoint.public_id,
            "posting_id": posting.public_id,
            "key": next(iter(GALLERY)).key,
            "number": 1,
            "filename": "none.css",
        }
        made = links()
        delivery_id = uuid7()
        tokens = {
            "confirm": made.confirm_url(pending.id),
            "p": made.preferences_url(subscriber.id),
            "r": address_of(preview_link),
            "u": leave_url(subscriber.id, delivery_id, [mailing_list.id]),
        }
        db.session.commit()
        return Household(workspace, values, {kind: url.rpartition("/")[2] for kind, url in tokens.items()})

    return fill


@pytest.fixture
def ours(furnish, workspace, ana) -> Household:
    """Ana's bakery."""
    return furnish(workspace, ana)


@pytest.fixture
def theirs(furnish, other_workspace, cleo) -> Household:
    """Cleo's cheese shop."""
    return furnish(other_workspace, cleo)


@pytest.fixture
def visit(app: Flask) -> Callable[..., Any]:
    """Make one request as someone, in a context of its own, as a server would."""

    def call(method: str, url: str, user: User | None = None, **options: Any) -> Any:
        client: FlaskClient = app.test_client()
        uniquifier = user.fs_uniquifier if user else None

        def request() -> Any:
            if uniquifier:
                with client.session_transaction() as session:
                    session["_user_id"], session["_fresh"] = uniquifier, True
            # Read to the end here: a streamed answer still needs this context.
            return client.open(url, method=method, buffered=True, **options)

        db.session.commit()
        return contextvars.Context().run(request)

    return call


@pytest.fixture
def writes(app: Flask) -> Callable[[], Any]:
    """Note the statements that change something, inside a ``with`` block."""

    @contextmanager
    def noting() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.lstrip().upper().startswith(_WRITES):
                seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return noting


def routes(app: Flask, method: str, prefix: str = "/") -> list[Rule]:
    """Every rule of the application that takes a method, below a path."""
    rules = (rule for rule in app.url_map.iter_rules() if rule.rule.startswith(prefix))
    return sorted((rule for rule in rules if method in rule.methods), key=str)
