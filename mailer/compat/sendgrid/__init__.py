"""For programs that were written for SendGrid."""
