"""For programs that were written for Resend."""
