"""The frame of every API call: keys and scopes, limits, errors, repeats, pages, the description.

Its nouns are the key in the ``Authorization`` header, the problem that an error
becomes, and the idempotency key under which an answer is kept. What the calls do is
left to the ``api.py`` of each room.
"""
