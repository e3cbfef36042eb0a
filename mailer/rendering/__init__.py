"""Pure: a design and values become subject, HTML and text. Frozen once, filled per recipient.

``freeze`` does everything that is the same for all recipients (Markdown, CSS inlining,
footer, numbered links, text part); ``merge`` fills in what differs. ``language`` says
what a merge tag may be.
"""
