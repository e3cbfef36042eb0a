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

    @property
    def grants(self) -> list["Role"]:
        """The roles that someone in this one may give and take: their own and those below, from admin up."""
        return [role for role in Role if self.includes(role)] if self.includes(Role.ADMIN) else []


#: What each role adds to the one before it, as people read it.
ADDS: dict[Role, str] = {
    Role.VIEWER: "Sees subscribers, campaigns and reports, and changes nothing.",
    Role.EDITOR: "Also writes, tests and sends campaigns, and looks after lists and subscribers.",
    Role.ADMIN: "Also decides who works here, how mail leaves, and which programs have a key.",
    Role.OWNER: "Also names other owners. There is always at least one.",
}
