"""The pure part of delivery: composing MIME, speaking SMTP, reading replies. No database, no Flask."""
