"""Segments: saved conditions over the audience and what it did.

A segment is a tree of conditions (``conditions.py``), kept as JSON and asked of the database
as one expression whose every value is bound (``to_sql.py``); nobody writes SQL. It holds no
people: whoever meets the conditions is in it, now.
"""
