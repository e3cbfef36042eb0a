"""Who works here: workspaces, users and their roles, API keys, sign-in.

A workspace is one brand with its own audience; nothing is shared between two of them
but the people who work in both.
"""
