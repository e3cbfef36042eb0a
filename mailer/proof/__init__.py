"""Proof, by commands: how fast mail leaves (``mailer bench``), and that nobody is lost (``mailer chaos``).

Everything is driven from outside, as its users and its machines would: processes, the
API, rows, SMTP, signals. The tests start the product and its servers from here too.
"""
