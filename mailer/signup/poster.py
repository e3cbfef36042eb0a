"""The QR code of an address: squares, and a drawing of them that is sharp at any size."""

from dataclasses import dataclass

import qrcode
from qrcode.constants import ERROR_CORRECT_Q


@dataclass(frozen=True)
class Squares:
    """A code.

    :param rows: dark squares are true; a quiet zone of four is around them (ISO/IEC 18004)
    """

    rows: list[list[bool]]

    @property
    def size(self) -> int:
        """Squares a side."""
        return len(self.rows)

    @property
    def path(self) -> str:
        """The dark squares as SVG path data."""
        return "".join(
            f"M{column} {line}h1v1h-1z"
            for line, row in enumerate(self.rows)
            for column, is_dark in enumerate(row)
            if is_dark
        )


def squares_of(address: str) -> Squares:
    """Return the code of an address; a quarter of it may be dirty or torn."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=4)
    code.add_data(address)
    code.make(fit=True)
    return Squares([[bool(is_dark) for is_dark in row] for row in code.get_matrix()])
