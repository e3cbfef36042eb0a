"""What is asked of the audience. The workspace comes first, so that none is forgotten."""
