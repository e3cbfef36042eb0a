"""Agents: the API as tools of the Model Context Protocol, for assistants that act for a person.

Its noun is the tool, made of a call's description. What a tool does is the call's; here it is
only bounded: a key sees the tools of its scope, writing can be tried, and sending to many waits
for a person.
"""
