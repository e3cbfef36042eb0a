"""The brand kit: what a workspace's mails look like, and the page where it is chosen."""
