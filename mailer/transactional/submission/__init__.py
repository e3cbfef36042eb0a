"""Messages of programs that only speak SMTP: a server that takes them from whoever has a key.

It answers 250 once a message is committed, and from then on it is like one that came by
the API: the same log, the same deliveries, the same tries.
"""
