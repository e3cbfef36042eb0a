"""Hosted sign-up pages, one per public list, and their defences."""
