"""What a message would say, without sending it."""

from datetime import datetime

from mailer.accounts.models import Workspace
from mailer.delivery.models import Message
from mailer.rendering.design import Frozen
from mailer.rendering.merge import Rendered, Renderer
from mailer.rendering.plain_text import text_part
from mailer.transactional.letter import Letter, check
from mailer.transactional.queries import known_of
from mailer.transactional.send import words_of


def preview(workspace: Workspace, letter: Letter, *, now: datetime) -> Rendered:
    """Return what a letter's reader would see; links lead where they were written to.

    :raises Invalid: it cannot be sent, with what is wrong
    :raises Conflict: its template is not published
    """
    check(letter, now=now)
    known = known_of(workspace.id, letter.stream, [letter.to[0].email])
    words = words_of(workspace, letter, known)
    frozen = Frozen(words.subject, words.html, text_part(words.text, words.html), list(words.links))
    return _shown(frozen, is_literal=not letter.is_tracked)


def words_as_sent(content: Message) -> Rendered:
    """Return what the readers of a message see; links lead where they were written to."""
    frozen = Frozen(content.subject, content.html, content.in_words, list(content.links))
    return _shown(frozen, is_literal=content.is_literal)


def _shown(frozen: Frozen, *, is_literal: bool) -> Rendered:
    if is_literal:
        return Rendered(frozen.subject, frozen.html, frozen.text)
    return Renderer(frozen).render({})
