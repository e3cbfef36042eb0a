"""What each role may do in a workspace."""

from enum import StrEnum


class Role(StrEnum):
    """A member's place in a workspace; each may do all that the ones before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"
    OWNER = "owner"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what the other one may."""
        members = list(Role)
        return members.index(self) >= members.index(other)
