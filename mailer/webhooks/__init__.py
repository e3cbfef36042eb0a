"""Outgoing webhooks: what happens here, told to the programs that asked to be told.

Its nouns are the endpoint, an address that asked for some events; the event, written in the
transaction of what happened; the posting, one event on its way to one endpoint; and the try.
What happens is announced by the rooms below as signals; nothing there waits for a receiver.
"""
