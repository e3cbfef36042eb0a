"""What comes back: bounces, complaints, replies and requests to leave — by mail or from a provider.

``parsers`` reads a mail and knows nothing else; ``record`` finds the delivery that it is
about and applies the rules; the doors and ``inbound`` only carry mails here.
"""
