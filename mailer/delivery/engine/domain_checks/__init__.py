"""The doctor of sending domains: what each of their records comes to, and what to publish instead."""
