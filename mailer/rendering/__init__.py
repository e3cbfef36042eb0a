"""Pure: a design and values become subject, HTML and text. Frozen once, filled per recipient."""
