"""The header field by which a reader leaves with one click (RFC 2369, RFC 8058)."""

from typing import Final

from mailer.delivery.engine.header_fields import header

#: RFC 8058 3.1
_ONE_CLICK: Final = header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")


class LeaveHeader:
    """Writes ``List-Unsubscribe`` for one reader after another.

    Where its lines are folded depends on lengths alone, so that it is written once and
    then filled in: tokens and addresses of one message nearly always have the same lengths.

    :param prefix: how the address for leaving begins; a token follows
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._lengths: tuple[int, int] | None = None
        self._pieces = ("", "", "")

    def lines(self, token: str, mail_address: str = "") -> str:
        """Return the field, and the one that says that a single click is enough.

        :param mail_address: mail to it has the same effect; empty for none
        :raises Invalid: a line would be longer than one may be
        """
        if (len(token), len(mail_address)) != self._lengths:
            self._write(token, mail_address)
        before, between, after = self._pieces
        return f"{before}{token}{between}{mail_address}{after}"

    def _write(self, token: str, mail_address: str) -> None:
        ways = f"<{self._prefix}{token}>"
        if mail_address:
            ways += f", <mailto:{mail_address}?subject=unsubscribe>"
        before, _, rest = (header("List-Unsubscribe", ways) + _ONE_CLICK).partition(token)
        between, _, after = rest.partition(mail_address) if mail_address else ("", "", rest)
        self._pieces, self._lengths = (before, between, after), (len(token), len(mail_address))
