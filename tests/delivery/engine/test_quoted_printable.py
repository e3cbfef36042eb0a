from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.engine.quoted_printable import Splicer


@given(text=st.text(st.sampled_from(" \t\n\rx=é"), max_size=300))
def test_nothing_is_left_for_dkim_s_relaxed_form_to_change(text):
    lines = b"".join(Splicer(()).encode([text]))

    assert b"\t" not in lines
    assert b"  " not in lines
    assert b" \r\n" not in lines
