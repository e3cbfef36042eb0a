from enum import StrEnum

import pytest

from mailer.errors import Invalid
from mailer.lib.choices import choice_of


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


@pytest.mark.parametrize(("given", "meant"), [("", None), ("small", Size.SMALL), ("large", Size.LARGE)])
def test_a_choice_is_named_or_left_open(given, meant):
    assert choice_of(Size, given, label="The size") is meant


@pytest.mark.parametrize("given", ["Small", " ", "smal", "small\0"])
def test_a_word_that_means_nothing_is_refused_with_those_that_do(given):
    with pytest.raises(Invalid, match=r"^The size must be one of: small, large\.$"):
        choice_of(Size, given, label="The size")
