"""Measuring: that it counts right, and says what it found."""

import smtplib
import sqlite3

import pytest

from mailer.errors import Invalid
from mailer.proof import bench_report, processes
from mailer.proof.bench import Measured, Plan, sizes_of
from mailer.proof.installation import BenchFailed, Campaign, _require_empty
from mailer.proof.postfix import HOST, NoPostfix, Sent, SinkMiscounted, smtp_sink, smtp_source, tool
from mailer.proof.product import free_port

pytestmark = pytest.mark.skipif(not processes.is_known(), reason="reads /proc")


@pytest.fixture
def port() -> int:
    try:
        tool("smtp-sink")
    except NoPostfix as missing:
        pytest.skip(missing.message)
    return free_port()


def test_what_the_sink_took_is_counted_exactly(port):
    with smtp_sink(port, expects=50) as sink:
        sent = smtp_source(port, messages=50, wire_bytes=2_000)
        taken = processes.bytes_read(sink.pid)
        sink.require_all()

    assert sent.rate > 0
    assert taken == pytest.approx(50 * 2_000, rel=0.4)


def test_a_missing_message_is_found(port):
    with smtp_sink(port, expects=4) as sink:
        smtp_source(port, messages=3, wire_bytes=500)

        with pytest.raises(SinkMiscounted, match="less than 4"):
            sink.require_all()


def test_a_message_too_many_is_found(port):
    with smtp_sink(port, expects=4) as sink, smtplib.SMTP(HOST, port) as client:
        for _ in range(4):
            client.sendmail("ana@example.com", "b@example.com", "Subject: x\r\n\r\nx")
        with pytest.raises(smtplib.SMTPException):
            client.sendmail("ana@example.com", "b@example.com", "Subject: x\r\n\r\nx")
        # It hangs up a moment before it ends.
        sink.process.wait(timeout=30)

        with pytest.raises(SinkMiscounted, match="more than 4"):
            sink.require_all()


def test_what_is_missing_is_said_with_how_to_install_it():
    with pytest.raises(NoPostfix, match="apt install"):
        tool("smtp-nothing")


def test_sizes_are_read_as_people_write_them():
    assert sizes_of("10k,100k,1M") == [10_000, 100_000, 1_000_000]
    assert sizes_of("250") == [250]
    assert sizes_of("none") == []
    with pytest.raises(Invalid, match="10k"):
        sizes_of("many")


def test_a_database_with_something_in_it_is_left_alone(tmp_path):
    path = tmp_path / "kept.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE kept (id)")

    with pytest.raises(BenchFailed, match="not empty"):
        _require_empty(f"sqlite:///{path}")


def test_the_report_judges_every_figure():
    fast = Campaign(1_000, 0.1, 0.2, 0.078, 0.06, 0.001, 120.0)
    slow = Campaign(10_000, 2.0, 0.2, 0.9, 0.6, 0.01, 250.0)
    measured = Measured("postgresql", 2, "none", 14_000)
    measured.sources, measured.campaigns = [Sent(1_000, 0.1, 0.035)] * 2, [fast, fast]
    measured.curve, measured.naive_rate = [fast, slow], 400.0

    said = "\n".join(bench_report.lines(measured))

    assert "campaign ÷ smtp-source    1.00" in said
    assert "25.0  (400 a second)  met: at least 20" in said
    assert "2.23  met: at most 3" in said
    assert "0.50          250 MB" in said
    assert said.count("MISSED") == 1
    assert measured.as_dict()["rates_by_size"] == {1_000: 10_000.0, 10_000: 5_000.0}


def test_a_plan_says_how_long_it_takes():
    plan = Plan(recipients=100_000, databases=("sqlite",), pairs=5, sizes=[10_000, 1_000_000])

    assert plan.campaigns == [100_000] * 5 + [10_000] * 3 + [1_000_000]
    # A million people are made in a minute, sealed in nine, and written to in six.
    assert 20 < plan.longest_minutes < 30
    assert Plan(databases=("sqlite",), pairs=1).longest_minutes < 5
