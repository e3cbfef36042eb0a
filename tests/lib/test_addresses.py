import pytest

from mailer.lib.addresses import ascii_domain


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("ana@bäckerei.example", "ana@xn--bckerei-5wa.example"),
        ("ana@BAKERY.example", "ana@BAKERY.example"),
        ("josé@münchen.example", "josé@xn--mnchen-3ya.example"),
    ],
)
def test_domains_are_written_as_every_server_understands_them(address, written):
    assert ascii_domain(address) == written
