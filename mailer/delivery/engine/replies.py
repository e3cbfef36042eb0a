"""Reading a server's replies from bytes, however they were cut on their way (RFC 5321 4.2)."""

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
    """Collects bytes until they are replies."""

    __slots__ = ("_lines", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []

    @property
    def is_between_replies(self) -> bool:
        """Whether all that was read has been understood."""
        return not self._rest and not self._lines

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
        if len(self._rest) > LONGEST_LINE:
            replies.append(Reply(NONSENSE, (self._rest[:LONGEST_LINE],)))
        return replies

    def clear(self) -> None:
        """Forget what was read and not understood yet."""
        self._rest = b""
        self._lines = []

    def _read(self, line: bytes) -> Reply | None:
        digits, mark, words = line[:3], line[3:4], line[4:].strip()
        is_smtp = len(digits) == 3 and digits.isdigit() and mark in (b" ", b"-", b"", b"\r")
        if not is_smtp or len(line) > LONGEST_LINE or len(self._lines) >= MOST_LINES:
            return Reply(NONSENSE, (line[:LONGEST_LINE].strip(),))
        self._lines.append(words)
        if mark == b"-":
            return None
        # The last line's code counts, where a server cannot make up its mind.
        reply = Reply(int(digits), tuple(self._lines))
        self._lines = []
        return reply


def answered_as_hoped(data: bytes) -> bytes | None:
    """Return the answer to a message when these bytes accept it and then the whole next envelope.

    What a server says to ``content . MAIL RCPT DATA`` nine hundred and ninety times in a
    thousand, understood at a quarter of the reader's price; None means: read it properly.
    """
    lines = data.split(b"\n")
    if (
        len(lines) == 5
        and not lines[4]
        and lines[0][:4] == b"250 "
        and lines[1][:4] == b"250 "
        and lines[2][:4] == b"250 "
        and lines[3][:4] == b"354 "
        and len(data) <= LONGEST_LINE
    ):
        return lines[0]
    return None
