"""Pure: the bytes of a mail in, what it says came back out. Never raises, whatever the bytes are."""
