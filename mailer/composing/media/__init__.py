"""Pictures: what marketers upload to show in their mails.

``lib.pictures`` makes them fit; the bytes lie in the data directory or in a bucket
(``store``), under names that nobody guesses, and are served by ``public``.
"""
