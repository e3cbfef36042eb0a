"""Reading a server's replies from bytes, however they were cut on their way (RFC 5321 4.2)."""

import re
from typing import Final, NamedTuple

#: RFC 5321 4.5.3.1.5 allows 512 octets to a line; servers that explain themselves take more.
LONGEST_LINE: Final = 2_048
MOST_LINES: Final = 100

#: The code of what is no SMTP reply. Whose answer the next one is cannot be known after it.
NONSENSE: Final = -1


class Reply(NamedTuple):
    """One whole reply.

    :param code: its three digits, or ``NONSENSE``
    :param lines: what follows the code on each line
    """

    code: int
    lines: tuple[bytes, ...]

    @property
    def text(self) -> str:
        """All of its words on one line."""
        return " ".join(b" ".join(self.lines).decode("utf-8", "replace").split())

    @property
    def is_out_of_step(self) -> bool:
        """Whether it is no refusal either: where it was not awaited, nothing after it can be trusted."""
        return not 400 <= self.code <= 599

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


class ReplyReader:
    """Collects bytes until they are replies.

    :ivar is_between_replies: all that was read has been understood
    """

    __slots__ = ("_lines", "_rest", "is_between_replies")

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []
        self.is_between_replies = True

    def feed(self, data: bytes) -> list[Reply]:
        """Return the replies that these bytes complete; after one of nonsense there are no more."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        replies: list[Reply] = []
        for line in lines:
            reply = self._read(line)
            if reply is None:
                continue
            replies.append(reply)
            if reply.code == NONSENSE:
                return replies
        self.is_between_replies = not self._rest and not self._lines
        if len(self._rest) > LONGEST_LINE:
            replies.append(Reply(NONSENSE, (self._rest[:LONGEST_LINE],)))
        return replies

    def clear(self) -> None:
        """Forget what was read and not understood yet."""
        self._rest = b""
        self._lines = []
        self.is_between_replies = True

    def _read(self, line: bytes) -> Reply | None:
        # Whatever stands between code and words, only a hyphen promises another line.
        digits, is_last, words = line[:3], line[3:4] != b"-", line[3:].lstrip(b"-").strip()
        is_smtp = len(digits) == 3 and digits.isdigit()
        if not is_smtp or len(line) > LONGEST_LINE or len(self._lines) >= MOST_LINES:
            return Reply(NONSENSE, (line[:LONGEST_LINE].strip(),))
        self._lines.append(words)
        if not is_last:
            return None
        # The last line's code counts, where a server cannot make up its mind.
        reply = Reply(int(digits), tuple(self._lines))
        self._lines = []
        return reply


def answered_as_hoped(data: bytes) -> bytes | None:
    """Return the answer to a message when these bytes accept it and then the whole next envelope.

    What a server says to ``content . MAIL RCPT DATA`` nearly always, understood at a
    tenth of the reader's price; None means that it has to be read properly.
    """
    found = _HOPED(data)
    return found[1] if found is not None and len(data) <= LONGEST_LINE else None


_HOPED: Final = re.compile(rb"(250 [^\n]*)\n250 [^\n]*\n250 [^\n]*\n354 [^\n]*\n").fullmatch
