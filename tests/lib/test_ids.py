from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.lib.ids import parse_id, public_id, uuid7


@given(st.uuids())
def test_a_public_id_leads_back_to_its_uuid(identifier: UUID):
    assert parse_id("sub", public_id("sub", identifier)) == identifier


def test_ids_sort_by_the_time_they_were_made():
    ids = [uuid7() for _ in range(1000)]

    assert sorted(ids) == ids
    assert sorted(public_id("sub", i) for i in ids) == [public_id("sub", i) for i in ids]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sub",
        "sub_",
        "cmp_01k2m8zv5qf8mr6b9f2t7h3x4w",
        "sub_01k2",
        "sub_81k2m8zv5qf8mr6b9f2t7h3x4w",
        "sub_01K2M8ZV5QF8MR6B9F2T7H3X4W",
        "sub_01k2m8zv5qf8mr6b9f2t7h3x4u",
    ],
)
def test_anything_else_is_no_id(text: str):
    assert parse_id("sub", text) is None
