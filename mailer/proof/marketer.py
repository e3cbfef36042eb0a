"""Someone who makes lists and sends campaigns, through the doors that anybody has."""

from typing import Any, Final
from uuid import UUID

from mailer.lib.ids import parse_id
from mailer.proof.product import Product

_WORKSPACE: Final = "Bakery"
_PASSWORD: Final = "a long enough password"  # noqa: S105  - nobody else ever reaches the installation


class Marketer:
    """The owner of a new workspace in an installation.

    :param product: need not run yet
    """

    def __init__(self, product: Product) -> None:
        self._product = product
        product.mailer(
            *("owner", "create", "--email", "ana@example.com", "--password", _PASSWORD),
            *("--workspace", _WORKSPACE),
        )
        self._key = product.mailer("key", "create", "--workspace", _WORKSPACE, "--name", "Proof")

    def fill_list(self, name: str, subscribers: int) -> str:
        """Make a list with so many people on it, and return its id."""
        return self._product.mailer(
            *("seed", "--workspace", _WORKSPACE, "--list", name, "--subscribers", str(subscribers))
        )

    def write(self, list_id: str, *, subject: str, body: str) -> str:
        """Write a campaign to everybody on a list, and return its id."""
        written = {
            "name": subject[:100],
            "subject": subject,
            "from": "Ana <ana@example.com>",
            "lists": [list_id],
            "format": "html",
            "body": body,
        }
        return str(self._ask("POST", "/campaigns", written)["id"])

    def send(self, campaign: str) -> None:
        """Send a campaign."""
        self._ask("POST", f"/campaigns/{campaign}/send")

    def report(self, campaign: str) -> dict[str, Any]:
        """Read a campaign's report."""
        return dict(self._ask("GET", f"/campaigns/{campaign}/report"))

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        return self._product.api(self._key, method, path, body)


def row_id(campaign: str) -> UUID:
    """Return the id that a campaign has in the tables."""
    identifier = parse_id("cmp", campaign)
    assert identifier is not None, f"{campaign} is no campaign's id"
    return identifier
