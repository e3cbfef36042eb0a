"""What leaves as a file: people with all that is known of them, and addresses that are not to be mailed.

Stands above every room that knows something of a subscriber, and leaves the knowing to them.
"""
