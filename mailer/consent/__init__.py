"""Why we may mail someone: opt-in, confirmation, preferences, unsubscribing, suppression.

Each step leaves a consent record with the words that were shown. ``gate.py`` is the
only place that decides whether an address may be mailed.
"""
