"""Dramatiq actors only: each takes ids and calls one verb of the product."""
