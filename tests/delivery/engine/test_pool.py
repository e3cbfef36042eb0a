"""Many conversations at once: what is taken, noted, handed over, settled and given back."""

import contextlib
import socket
import ssl
import threading
import time
from itertools import pairwise

import pytest

from mailer.delivery.engine.outcomes import Outcome, Verdict
from mailer.delivery.engine.pool import Pool
from mailer.delivery.engine.ports import LeaseLost, Parcel, Refused, Server
from mailer.proof.product import free_port
from tests.support.smtp import STALL, sink

BODY = b"Subject: Bread\r\n\r\nFresh.\r\n"


def parcels(count, *, content=BODY):
    return [Parcel(n, "ana@bakery.example", f"reader{n}@example.com", content) for n in range(count)]


class Desk:
    """Gives out parcels in turn and remembers everything."""

    def __init__(self, waiting=()):
        self.waiting = list(waiting)
        self.intended: list[list[int]] = []
        self.outcomes: dict[int, Outcome] = {}
        self.troubles: list[tuple[float, Outcome]] = []

    def ask(self):
        pass

    def look(self):
        pass

    def take(self, server):
        return self.waiting.pop(0) if self.waiting else None

    def intend(self, parcels):
        self.intended.append([parcel.key for parcel in parcels])

    def settle(self, parcel, outcome):
        assert parcel.key not in self.outcomes
        self.outcomes[parcel.key] = outcome

    def trouble(self, server, outcome):
        self.troubles.append((time.monotonic(), outcome))

    @property
    def verdicts(self):
        return [self.outcomes[key].verdict for key in sorted(self.outcomes)]


@pytest.fixture
def pool():
    with contextlib.closing(Pool(timeouts=0.05)) as pool:
        yield pool


def run(pool, desk, until, *, seconds=10.0):
    ends_at = time.monotonic() + seconds
    while not until():
        pool.step(desk, wait=0.05)
        assert time.monotonic() < ends_at, "it takes too long"


def raw_server(converse):
    """A server that does as the test says with each connection; close it to end it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), connection:
                converse(connection)

    threading.Thread(target=accept, daemon=True).start()
    return listener


def test_all_is_carried_over_as_many_connections_as_allowed(pool):
    desk = Desk(parcels(100))

    with sink(extensions=("PIPELINING",)) as server:
        pool.serve(server.server, connections=4)
        run(pool, desk, lambda: len(desk.outcomes) == 100)

        assert set(desk.verdicts) == {Verdict.ACCEPTED}
        assert sorted(message.recipient for message in server.received) == sorted(
            parcel.recipient for parcel in parcels(100)
        )
        assert server.connections <= 4
        assert pool.in_flight == 0


def test_several_servers_are_served_at_once(pool):
    class Both(Desk):
        def look(self):
            pass

        def take(self, server):
            mine = [parcel for parcel in self.waiting if parcel.key % 2 == servers.index(server)]
            if not mine:
                return None
            self.waiting.remove(mine[0])
            return mine[0]

    desk = Both(parcels(20))
    with sink(extensions=("PIPELINING",)) as one, sink() as other:
        servers = [one.server, other.server]
        for server in servers:
            pool.serve(server, connections=2)
        run(pool, desk, lambda: len(desk.outcomes) == 20)

        assert (len(one.received), len(other.received)) == (10, 10)


def test_a_long_conversation_is_ended_in_our_way(pool):
    desk = Desk(parcels(10))

    with sink(extensions=("PIPELINING",)) as server:
        pool.serve(server.server, connections=1, messages_per_connection=3)
        run(pool, desk, lambda: len(desk.outcomes) == 10)

        assert server.connections == 4
        assert set(desk.verdicts) == {Verdict.ACCEPTED}


@pytest.mark.parametrize("extensions", [(), ("PIPELINING",)])
def test_an_intention_is_noted_before_any_of_the_text_leaves(pool, extensions):
    class Strict(Desk):
        def intend(self, parcels):
            super().intend(parcels)
            assert not {parcel.recipient for parcel in parcels} & {
                message.recipient for message in server.received
            }

    desk = Strict(parcels(20))
    with sink(extensions=extensions) as server:
        pool.serve(server.server, connections=2)
        run(pool, desk, lambda: len(desk.outcomes) == 20)

    assert sorted(key for keys in desk.intended for key in keys) == list(range(20))


def test_the_desk_looks_up_after_each_wait_before_it_hands_out_more(pool):
    class Watchful(Desk):
        has_asked = has_looked = False

        def ask(self):
            self.has_asked = True

        def look(self):
            self.has_looked = True

        def settle(self, parcel, outcome):
            assert self.has_asked
            assert self.has_looked
            super().settle(parcel, outcome)

    desk = Watchful(parcels(10))
    with sink(extensions=("PIPELINING",)) as server:
        pool.serve(server.server, connections=2)
        while len(desk.outcomes) < 10:
            desk.has_asked = desk.has_looked = False
            pool.step(desk, wait=0.1)


def test_a_lost_lease_writes_nothing_and_gives_everything_back(pool):
    class Late(Desk):
        def intend(self, parcels):
            raise LeaseLost

    desk = Late(parcels(10))
    with sink(extensions=("PIPELINING",)) as server:
        pool.serve(server.server, connections=3)
        with pytest.raises(LeaseLost):
            run(pool, desk, lambda: False)
        returned = pool.recall()

        assert sorted([parcel.key for parcel in returned + desk.waiting]) == list(range(10))
        assert pool.in_flight == 0
        assert server.received == []


def test_what_was_not_begun_is_given_back_and_the_rest_is_settled(pool):
    def stalls(stage, recipient):
        return STALL if stage == "dot" and recipient == "reader0@example.com" else None

    desk = Desk(parcels(6))
    with sink(stalls, extensions=("PIPELINING",)) as server:
        pool.serve(server.server, connections=1)
        run(pool, desk, lambda: desk.intended == [[0]])

        returned = pool.recall()

        # The first text is with the server; the second envelope went along with it.
        assert [parcel.key for parcel in returned] == [1]
        assert pool.in_flight == 1
        desk.waiting.clear()
        pool.timeouts = 0.0005
        run(pool, desk, lambda: desk.outcomes)
        assert desk.outcomes[0].verdict is Verdict.IN_DOUBT
        assert pool.in_flight == 0


def test_the_answer_still_counts_after_a_recall(pool):
    desk = Desk(parcels(6))
    with sink(extensions=("PIPELINING",)) as server:
        pool.serve(server.server, connections=1)
        run(pool, desk, lambda: len(desk.intended) == 2)
        returned = pool.recall()
        left = [parcel.key for parcel in returned + desk.waiting]
        desk.waiting.clear()
        run(pool, desk, lambda: pool.in_flight == 0)

        assert sorted(left + list(desk.outcomes)) == list(range(6))
        assert set(desk.verdicts) == {Verdict.ACCEPTED}
        assert len(server.received) == len(desk.outcomes)


def test_a_text_that_the_network_takes_in_pieces_arrives_whole(pool):
    content = b"Subject: Bread\r\n\r\n" + (b"x" * 74 + b"\r\n") * 60_000
    desk = Desk(parcels(4, content=content))

    with sink(extensions=("PIPELINING",)) as server:
        pool.serve(server.server, connections=2)
        run(pool, desk, lambda: len(desk.outcomes) == 4, seconds=30)

        assert set(desk.verdicts) == {Verdict.ACCEPTED}
        assert {message.data for message in server.received} == {content}


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_text_that_broke_off_before_its_dot_is_tried_later_and_not_in_doubt(pool, is_answered):
    def converse(connection):
        connection.sendall(b"220 hi\r\n")
        file = connection.makefile("rb")
        file.readline()
        connection.sendall(b"250-hi\r\n250 PIPELINING\r\n")
        for answer in (b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            file.readline()
            connection.sendall(answer)
        file.read(10_000)
        if is_answered:
            connection.sendall(b"552 5.3.4 that is too much\r\n")
            time.sleep(0.2)

    desk = Desk(parcels(1, content=b"Subject: Bread\r\n\r\n" + (b"x" * 74 + b"\r\n") * 200_000))
    with raw_server(converse) as listener:
        pool.serve(Server("127.0.0.1", listener.getsockname()[1], tls="off"), connections=1)
        run(pool, desk, lambda: desk.outcomes)

    (outcome,) = desk.outcomes.values()
    assert outcome.verdict is (Verdict.REJECTED if is_answered else Verdict.DEFERRED)


def test_trouble_is_told_and_costs_no_message(pool):
    desk = Desk(parcels(5))
    port = free_port()
    pool.serve(Server("127.0.0.1", port, tls="off"), connections=3)
    pool.timeouts = 0.2

    run(pool, desk, lambda: len(desk.troubles) == 4)

    moments = [moment for moment, _ in desk.troubles]
    pauses = [after - before for before, after in pairwise(moments)]
    assert desk.outcomes == {}
    assert pauses[0] < pauses[1] < pauses[2]
    assert all(outcome.is_about_server for _, outcome in desk.troubles)
    assert len(pool.recall()) + len(desk.waiting) == 5


def test_a_server_that_comes_back_gets_what_waited(pool):
    desk = Desk(parcels(5))
    is_up = False

    def closed(stage, recipient):
        return "421 4.3.2 closed for today" if stage == "connect" and not is_up else None

    with sink(closed) as server:
        pool.serve(server.server, connections=2)
        run(pool, desk, lambda: len(desk.troubles) >= 2)
        is_up = True
        run(pool, desk, lambda: len(desk.outcomes) == 5)

    assert set(desk.verdicts) == {Verdict.ACCEPTED}


def test_a_server_that_takes_few_connections_from_one_client_is_no_trouble(pool):
    def two_at_most(stage, recipient):
        if stage == "connect" and server.connections > 2:
            return "421 4.7.0 too many connections from your address"
        return None

    desk = Desk(parcels(50))
    with sink(two_at_most, extensions=("PIPELINING",)) as server:
        pool.serve(server.server, connections=1)
        run(pool, desk, lambda: desk.outcomes)
        pool.serve(server.server, connections=5)
        run(pool, desk, lambda: len(desk.outcomes) == 50)

    assert set(desk.verdicts) == {Verdict.ACCEPTED}
    assert desk.troubles == []


def test_a_name_that_nobody_knows_is_trouble(pool):
    desk = Desk(parcels(1))
    pool.serve(Server("nobody.invalid", 25, tls="off"), connections=1)

    run(pool, desk, lambda: desk.troubles, seconds=30)

    assert "nobody.invalid:25 cannot be reached" in desk.troubles[0][1].reply


def test_a_message_beyond_the_servers_limit_is_not_even_begun(pool):
    small, large = parcels(2)
    large.content = b"Subject: Bread\r\n\r\n" + b"x\r\n" * 500
    desk = Desk([small, large])

    with sink(extensions=("PIPELINING", "SIZE 1000")) as server:
        pool.serve(server.server, connections=1)
        run(pool, desk, lambda: len(desk.outcomes) == 2)

        assert desk.verdicts == [Verdict.ACCEPTED, Verdict.REJECTED]
        assert not desk.outcomes[1].is_about_address
        assert [message.recipient for message in server.received] == [small.recipient]


@pytest.mark.parametrize(
    "address",
    [
        "ben@example.com>\r\nRCPT TO:<cleo@example.com",
        "ben@example.com\n",
        "ben@example.com> SIZE=1",
        "b en@x",
    ],
)
def test_an_address_cannot_say_anything_else(pool, address):
    parcel = Parcel(0, "ana@bakery.example", address, BODY)
    desk = Desk([parcel])

    with sink(extensions=("PIPELINING",)) as server:
        pool.serve(server.server, connections=1)
        run(pool, desk, lambda: desk.outcomes)

        assert desk.verdicts == [Verdict.REJECTED]
        assert server.received == []


def test_a_refused_recipient_with_a_granted_text_gets_a_lone_dot_and_the_next_its_own_text(pool):
    def refuses(stage, recipient):
        if recipient == "reader1@example.com" and stage == "rcpt":
            return "550 5.1.1 no such user"
        return None

    desk = Desk(parcels(3))
    # This server answers DATA with 354 whatever became of the recipient.
    with sink(refuses, extensions=("PIPELINING",)) as server:
        pool.serve(server.server, connections=1)
        run(pool, desk, lambda: len(desk.outcomes) == 3)

        assert desk.verdicts == [Verdict.ACCEPTED, Verdict.REJECTED, Verdict.ACCEPTED]
        assert [message.data for message in server.received if message.data] == [BODY, BODY]


def test_a_connection_that_went_stale_costs_no_message_a_try(pool):
    desk = Desk(parcels(2))
    with sink(extensions=("PIPELINING",)) as server:
        pool.serve(server.server, connections=2)
        run(pool, desk, lambda: len(desk.outcomes) == 2)
        server.script = lambda stage, recipient: (
            "CUT" if stage == "mail" and server.connections <= 2 else None
        )
        desk.waiting = [Parcel(n, "ana@bakery.example", "ben@example.com", BODY) for n in range(2, 6)]
        run(pool, desk, lambda: len(desk.outcomes) == 6)

    assert set(desk.verdicts) == {Verdict.ACCEPTED}


def test_what_came_in_clear_text_before_encryption_is_not_heard(pool, self_signed):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)
    said = []

    def converse(connection):
        connection.sendall(b"220 hi\r\n")
        connection.recv(1_000)
        connection.sendall(b"250-hi\r\n250 STARTTLS\r\n")
        connection.recv(1_000)
        # What someone on the way would slip in: an answer to the EHLO that is still to come.
        connection.sendall(b"220 go\r\n250-hi\r\n250 AUTH PLAIN\r\n")
        with context.wrap_socket(connection, server_side=True) as encrypted:
            said.append(encrypted.recv(1_000))
            encrypted.sendall(b"250 hi\r\n")
            said.append(encrypted.recv(1_000))
            encrypted.sendall(b"451 4.3.0 enough\r\n")

    desk = Desk(parcels(1))
    with raw_server(converse) as listener:
        pool.serve(Server("127.0.0.1", listener.getsockname()[1], tls="required"), connections=1)
        run(pool, desk, lambda: desk.outcomes)

    # It offered no PIPELINING and no AUTH over the encrypted line: one command, and no sign-in.
    assert said == [b"EHLO localhost\r\n", b"MAIL FROM:<ana@bakery.example>\r\n"]


def test_encrypted_connections_are_pipelined_too(pool, self_signed):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)
    texts = []

    def converse(connection):
        connection.sendall(b"220 hi\r\n")
        connection.recv(1_000)
        connection.sendall(b"250-hi\r\n250 STARTTLS\r\n")
        connection.recv(1_000)
        connection.sendall(b"220 go\r\n")
        with context.wrap_socket(connection, server_side=True) as encrypted:
            file = encrypted.makefile("rb")
            while line := file.readline():
                if line.startswith(b"DATA"):
                    encrypted.sendall(b"354 go\r\n")
                    lines = []
                    while (line := file.readline()) != b".\r\n":
                        lines.append(line)
                    texts.append(b"".join(lines))
                encrypted.sendall(
                    b"250-hi\r\n250 PIPELINING\r\n" if line.startswith(b"EHLO") else b"250 ok\r\n"
                )

    content = b"Subject: Bread\r\n\r\n" + (b"x" * 74 + b"\r\n") * 10_000
    desk = Desk(parcels(3, content=content))
    with raw_server(converse) as listener:
        pool.serve(Server("127.0.0.1", listener.getsockname()[1], tls="required"), connections=1)
        run(pool, desk, lambda: len(desk.outcomes) == 3)

    assert set(desk.verdicts) == {Verdict.ACCEPTED}
    assert texts == [content] * 3


def test_surplus_connections_end_after_what_they_carry(pool):
    desk = Desk(parcels(3))
    with sink(extensions=("PIPELINING",)) as server:
        pool.serve(server.server, connections=3)
        run(pool, desk, lambda: len(desk.outcomes) == 3)
        pool.serve(server.server, connections=0)
        desk.waiting = [Parcel(9, "ana@bakery.example", "ben@example.com", BODY)]
        ends_at = time.monotonic() + 0.5
        while time.monotonic() < ends_at:
            pool.step(desk, wait=0.05)

    assert 9 not in desk.outcomes or len(desk.outcomes) == 4


def test_the_greeting_is_told_word_for_word(pool):
    with sink(extensions=("PIPELINING", "SIZE 1000")) as server:
        assert pool.greet(server.server).split("\n") == ["sink", "PIPELINING", "SIZE 1000"]


@pytest.mark.parametrize("answer", ["554 5.7.1 you are listed", STALL])
def test_a_server_that_will_not_greet_is_told_of(pool, answer):
    pool.timeouts = 0.005

    with (
        sink(lambda stage, recipient: answer if stage == "connect" else None) as server,
        pytest.raises(Refused) as refused,
    ):
        pool.greet(server.server)

    assert refused.value.outcome.is_about_server
