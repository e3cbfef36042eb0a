"""The domains that a workspace sends from, for programs: their records, and whether they are there."""

from typing import Any, Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Given, Line, Shown, changes_of, given, list_of
from mailer.db import db, owned
from mailer.delivery import domains, queries
from mailer.delivery.api.frame import bp
from mailer.delivery.dkim_rotation import activate, add_key, retire
from mailer.delivery.engine.dkim_keys import Algorithm
from mailer.delivery.models import DkimKey, KeyState, SendingDomain
from mailer.delivery.verify_domain import records_of, take_answers
from mailer.lib.clock import utcnow


class KeyShown(Shown):
    """A key pair that signs a domain’s mail (DKIM), and the record that publishes it."""

    object: Literal["dkim_key"] = "dkim_key"
    id: str
    algorithm: Algorithm
    selector: str
    state: KeyState
    record_name: str = Field(description="The name of the TXT record to publish.")
    record_value: str
    published: bool = Field(description="Whether it was there when it was last looked for.")
    problem: str
    checked_at: AwareDatetime | None
    created_at: AwareDatetime


class DomainShown(Shown):
    """A domain that the workspace sends from."""

    object: Literal["domain"] = "domain"
    id: str
    domain: str
    signing: bool = Field(description="Off where the mail server that takes our mail signs it.")
    return_path: str = Field(description="Where its bounces come back to; empty for its senders.")
    tracking_host: str = Field(description="Of the links in its mail; empty for this Mailer’s own.")
    tracking_since: AwareDatetime | None = Field(
        description="Since when links are of that host; null until it leads here."
    )
    keys: list[KeyShown]
    created_at: AwareDatetime


class NewDomain(Given):
    """A domain to send from."""

    domain: Line = Field(min_length=1, max_length=253, examples=["bakery.example"])


class _DomainSettings(Given):
    """How a domain’s mail is signed and returned."""

    signing: bool = True
    return_path: Line = Field("", max_length=253, examples=["bounces.bakery.example"])
    tracking_host: Line = Field("", max_length=253, examples=["links.bakery.example"])


class NewKey(Given):
    """A further key, which waits for its record."""

    algorithm: Algorithm = Algorithm.RSA


DomainChanges = changes_of(_DomainSettings, "DomainChanges")
DomainPage = list_of(DomainShown, "DomainPage")


@bp.get("/domains")
@bp.input(PageQuery, location="query")
@bp.output(DomainPage)
def index_domains(query_data: PageQuery) -> dict[str, Any]:
    """Read the domains that the workspace sends from, newest first."""
    found = queries.all_sending_domains(g.workspace)
    return page(found, SendingDomain, query_data, lambda rows: [_shown(row) for row in rows])


@bp.post("/domains", endpoint="add_domain")
@idempotent
@bp.input(NewDomain)
@bp.output(DomainShown, status_code=201)
def post_domain(json_data: NewDomain) -> DomainShown:
    """Begin to send from a domain, with a first key that waits for its record."""
    return _shown(domains.add_domain(g.workspace.id, json_data.domain))


@bp.get("/domains/<domain_id>")
@bp.output(DomainShown)
def show_domain(domain_id: str) -> DomainShown:
    """Read one domain, with the records to publish."""
    return _shown(_domain(domain_id))


@bp.patch("/domains/<domain_id>", endpoint="update_domain")
@bp.input(DomainChanges)
@bp.output(DomainShown)
def patch_domain(domain_id: str, json_data: Given) -> DomainShown:
    """Change who signs a domain’s mail, where its bounces come back to, and where its links lead by."""
    sending_domain, changes = _domain(domain_id), given(json_data)
    domains.switch_signing(sending_domain, is_on=changes.get("signing", sending_domain.is_signing))
    domains.set_return_path(sending_domain, changes.get("return_path", sending_domain.return_path))
    domains.set_tracking_host(sending_domain, changes.get("tracking_host", sending_domain.tracking_host))
    db.session.commit()
    return _shown(sending_domain)


@bp.post("/domains/<domain_id>/verify", endpoint="verify_domain")
@bp.output(DomainShown)
def verify(domain_id: str) -> DomainShown:
    """Look every record of a domain up; a new key whose record is there begins to sign."""
    names = records_of(_domain(domain_id))
    # Nothing of the database may wait for somebody else's name server.
    db.session.rollback()
    answers = names.look_up()
    sending_domain = _domain(domain_id)
    take_answers(sending_domain, answers, now=utcnow())
    db.session.commit()
    return _shown(sending_domain)


@bp.delete("/domains/<domain_id>", endpoint="remove_domain")
@bp.output({}, status_code=204)
def delete_domain(domain_id: str) -> str:
    """Forget a domain and destroy its keys; its mail leaves unsigned from now on."""
    domains.remove_domain(_domain(domain_id))
    db.session.commit()
    return ""


@bp.post("/domains/<domain_id>/keys", endpoint="add_dkim_key")
@idempotent
@bp.input(NewKey)
@bp.output(DomainShown, status_code=201)
def post_key(domain_id: str, json_data: NewKey) -> DomainShown:
    """Make a further key for a domain, which waits for its record."""
    sending_domain = _domain(domain_id)
    add_key(sending_domain, json_data.algorithm)
    return _shown(sending_domain)


@bp.post("/domains/<domain_id>/keys/<dkim_key_id>/activate", endpoint="activate_dkim_key")
@idempotent
@bp.output(DomainShown)
def activate_key(domain_id: str, dkim_key_id: str) -> DomainShown:
    """Sign with a new key, whether its record was found or not."""
    sending_domain = _domain(domain_id)
    activate(queries.dkim_key_of(sending_domain, dkim_key_id), now=utcnow())
    return _shown(sending_domain)


@bp.post("/domains/<domain_id>/keys/<dkim_key_id>/retire", endpoint="retire_dkim_key")
@idempotent
@bp.output(DomainShown)
def retire_key(domain_id: str, dkim_key_id: str) -> DomainShown:
    """Destroy a key that need not sign any more."""
    sending_domain = _domain(domain_id)
    retire(queries.dkim_key_of(sending_domain, dkim_key_id), now=utcnow())
    return _shown(sending_domain)


def _domain(domain_id: str) -> SendingDomain:
    return owned(SendingDomain, g.workspace.id, domain_id, otherwise="There is no such sending domain.")


def _shown(sending_domain: SendingDomain) -> DomainShown:
    keys = [_shown_key(key) for key in sending_domain.keys]
    return DomainShown.of(sending_domain, signing=sending_domain.is_signing, keys=keys)


def _shown_key(key: DkimKey) -> KeyShown:
    return KeyShown.of(key, published=key.is_published)
