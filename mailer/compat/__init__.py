"""Other services' ways to ask for a message, so that a program written for one of them sends by us.

Each is a thin door of its own below ``/compat``: it turns that service's words into a
letter (``transactional``) and our answer into that service's. A program changes the
address that it calls and its key, and nothing else.
"""
