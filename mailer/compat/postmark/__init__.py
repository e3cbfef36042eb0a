"""For programs that were written for Postmark."""
