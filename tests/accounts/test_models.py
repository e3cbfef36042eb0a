import pytest
from sqlalchemy.exc import IntegrityError

from mailer.accounts.models import Membership
from mailer.accounts.roles import Role
from tests import factories


def test_a_person_has_one_place_in_a_workspace(workspace, ana):
    with pytest.raises(IntegrityError):
        factories.add(Membership(workspace_id=workspace.id, user_id=ana.id, role=Role.VIEWER))


@pytest.mark.parametrize(
    ("role", "may_edit"), [(Role.VIEWER, False), (Role.EDITOR, True), (Role.OWNER, True)]
)
def test_a_role_includes_the_ones_below_it(role, may_edit):
    assert role.includes(Role.EDITOR) is may_edit
