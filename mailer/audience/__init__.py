"""The audience: mailing lists, subscribers, their fields and tags; import and export.

Holds who people are and what they subscribe to. Why we may mail them is consent's.
"""
