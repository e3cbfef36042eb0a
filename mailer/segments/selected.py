"""What a call says of whom a change or an export is about."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from mailer.api.schemas import Given, Line, id_of
from mailer.audience.tags import tag_called
from mailer.segments.selection import MOST_TICKED, Selection


class Selected(Given):
    """Whom a change or an export is about; with nothing, everybody."""

    subscribers: list[id_of("sub")] = Field([], max_length=MOST_TICKED)  # type: ignore[valid-type]
    segment: Line = Field("", description="Everybody in this segment; then nothing else narrows.")
    list: Line = Field("", description="Only those with a place on this list.")
    status: Literal["", "pending", "active", "unsubscribed"] = ""
    tag: Line = Field("", description="Only those with this tag.")
    search: Line = Field("", max_length=320, description="Only those whose address or name begins so.")

    def selection(self, workspace_id: UUID) -> Selection:
        """Return it as verbs take it.

        :raises NotFound: there is no such tag
        """
        return Selection(
            ids=self.subscribers,
            segment=self.segment,
            q=self.search,
            list=self.list,
            status=self.status,
            tag=tag_called(workspace_id, self.tag).public_id if self.tag else "",
        )
