"""Takes merge tags through tools that know nothing of them.

Markdown would read ``{{ a_b }}`` as emphasis; premailer percent-encodes the spaces
of ``{{ url }}`` in a link and escapes the ``<`` of ``{% if a < b %}``. So each tag is
replaced by an opaque word of ASCII letters and digits first, and put back last.
"""

import re

from mailer.rendering.language import Tag, pieces


class Shield:
    """Stands before the merge tags of one document.

    :param sources: everything that will be covered; the words are chosen to be in none of it
    """

    def __init__(self, *sources: str) -> None:
        everything = "\n".join(sources).lower()
        self._prefix = "mtag"
        while self._prefix in everything:
            self._prefix += "q"
        self._word = re.compile(rf"{self._prefix}([0-9a-f]{{4}})z")
        self._tags: list[Tag] = []

    def cover(self, source: str) -> str:
        """Return the source with a word in the place of each tag.

        :raises BadTag: the source has a tag that is not closed
        """
        return "".join(self.word(piece) if isinstance(piece, Tag) else piece for piece in pieces(source))

    def word(self, tag: Tag) -> str:
        """Return the word that stands for a tag from now on."""
        self._tags.append(tag)
        return f"{self._prefix}{len(self._tags) - 1:04x}z"

    def uncover(self, text: str) -> str:
        """Put the tags back.

        A brace that only looks like the beginning of a tag, because it was written
        as ``&#123;``, is kept a brace.
        """
        # A tag between the attributes of an element was taken for one of them.
        text = re.sub(rf'({self._word.pattern})=""', lambda match: match[1], text)
        text = re.sub(rf"\{{(?=[{{%]|{self._prefix})", "{{ '{' }}", text)
        return self._word.sub(lambda match: self._tags[int(match[1], 16)].text, text)

    def tags_in(self, text: str) -> list[Tag]:
        """Return the tags whose words stand in a covered text, in order."""
        return [self._tags[int(number, 16)] for number in self._word.findall(text)]

    def is_only_statements(self, text: str) -> bool:
        """Whether a covered text shows nothing itself: tags such as ``{% if %}`` and white space."""
        tags = self.tags_in(text)
        return bool(tags) and all(tag.is_statement for tag in tags) and not self._word.sub("", text).strip()
