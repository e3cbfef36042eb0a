"""The first page of a workspace: how it grows, what was sent, what needs somebody."""
