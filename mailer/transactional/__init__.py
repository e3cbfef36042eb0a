"""One message to one person, asked for by an act of theirs or by a program."""
