"""What opens and clicks are split by."""

from datetime import timedelta

import pytest

from mailer.lib.clock import utcnow
from mailer.tracking.facets import facets_of

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
APPLE = "Mozilla/5.0"
LONDON, CALIFORNIA = "81.130.0.0/24", "66.249.93.0/24"


@pytest.mark.parametrize(
    ("agent", "network", "told"),
    [
        (CHROME, LONDON, ("Chrome", "computer", "GB")),
        # Where the data centre stands, and on what it runs, is not where anybody reads, or on what.
        (GMAIL, CALIFORNIA, ("Gmail", "proxy", "proxy")),
        (APPLE, CALIFORNIA, ("Apple Mail", "proxy", "proxy")),
        ("curl/8.5.0", LONDON, ("", "", "GB")),
        (CHROME, "", ("Chrome", "computer", "")),
    ],
)
def test_what_a_proxy_loads_tells_nothing_of_its_reader(agent, network, told):
    now = utcnow()

    _, client, device, country, *_ = facets_of(
        email="ann@gmail.com",
        locale="en-GB",
        user_agent=agent,
        network=network,
        at=now + timedelta(minutes=3),
        arrived_at=now,
    )

    assert (client, device, country) == told
