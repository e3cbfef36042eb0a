"""A file on its way into the audience: taken in, mapped, forecast, run, and undone if need be.

A worker reads it a chunk at a time; a chunk and the mark of how far the file is read are
one transaction, so that a run killed at any moment goes on as if nothing had happened.
"""
