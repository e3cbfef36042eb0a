"""How mail leaves: senders, transports, frozen messages, and the ledger of deliveries.

One delivery is one message to one address. Its row is at once the dedupe, the
checkpoint, the report and the list of whom to try again. ``engine`` is pure: bytes
in, outcomes out.
"""
