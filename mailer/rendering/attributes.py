"""Elements with far too many attributes: every reader of HTML takes time in the square of their number."""

import re
from typing import Final

from mailer.errors import Invalid

#: An element as it is opened, with the values of its attributes.
_OPENED: Final = re.compile(r"""<[a-z](?:[^"'>]|"[^"]*"|'[^']*')*+""", re.IGNORECASE)
_QUOTED: Final = re.compile(r""""[^"]*"|'[^']*'""")
#: Characters beside the values.
_LONGEST: Final = 4_000


def check_attributes(html: str) -> None:
    """Refuse HTML that would take minutes to be read.

    :raises Invalid: an element has far too many attributes
    """
    for opened in _OPENED.finditer(html):
        if len(opened[0]) > _LONGEST < len(_QUOTED.sub("", opened[0])):
            raise Invalid(f"The element {opened[0][:30]}… has far too many attributes.")
