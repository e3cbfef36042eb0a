"""The QR code of an address as a drawing: one path of squares, sharp at any size."""

from dataclasses import dataclass

import qrcode
from qrcode.constants import ERROR_CORRECT_Q


@dataclass(frozen=True)
class Squares:
    """A code.

    :param size: squares a side, with the quiet zone of four around it (ISO/IEC 18004)
    :param path: SVG path data
    """

    size: int
    path: str


def squares_of(address: str) -> Squares:
    """Return the code of an address; a quarter of it may be dirty or torn."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=4)
    code.add_data(address)
    code.make(fit=True)
    rows = code.get_matrix()
    path = "".join(
        f"M{column} {line}h1v1h-1z"
        for line, row in enumerate(rows)
        for column, is_dark in enumerate(row)
        if is_dark
    )
    return Squares(len(rows), path)
