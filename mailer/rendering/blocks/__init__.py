"""Pure: the block document, one design as rows, columns and blocks.

Defined once (``document``, ``kinds``) for the database, the API, the composer and the
tests. ``read`` takes JSON of any version, ``palette`` says what there is to add, and
``mjml`` and ``text`` turn a document into the two parts of a mail.
"""
