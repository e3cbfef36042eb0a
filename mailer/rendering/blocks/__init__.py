"""Pure: the block document, one design as rows, columns and blocks.

Defined once (``document``, ``kinds``) for the database, the API, the composer and the
tests. ``read`` takes JSON of any version, ``palette`` says what there is to add, and
``page`` and ``words`` turn a document into the two parts of a mail. What HTML blocks are
made of stands in ``templates/rendering``, a template for each kind.
"""
