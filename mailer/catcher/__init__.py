"""The mail catcher: an SMTP server on loopback that keeps what it is given, and its inbox page."""
