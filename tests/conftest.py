"""What every test stands on: a real database, the application over it, and a cast with names."""

import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dramatiq
import hypothesis
import pytest
from dramatiq.brokers.stub import StubBroker
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from werkzeug.serving import make_server

import workers
from mailer import jobs
from mailer.accounts.models import User, Workspace
from mailer.accounts.roles import Role
from mailer.app import create_app
from mailer.config import Settings, load
from mailer.db import db
from mailer.delivery import send
from mailer.proof import postgres
from mailer.runtime.migrations import migrate_to
from mailer.web.limits import limiter
from tests import factories
from tests.support.serving import serving

# Machines are slow now and then, and no test asserts a time.
hypothesis.settings.register_profile("mailer", deadline=None, print_blob=True)
hypothesis.settings.load_profile("mailer")

DATABASES = ("sqlite", "postgresql")
#: The whole product is started for each of these: together they take longer than all others.
LONGEST = (Path(__file__).parent / "chaos", Path(__file__).parent / "journeys")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run choose its database."""
    parser.addoption("--database", choices=(*DATABASES, "both"), default="both")
    parser.addoption("--scripts", type=int, default=200, help="that both SMTP clients are put through")
    parser.addoption("--pictures", help="a folder for screenshots of every page that a journey visits")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that touches the database on each of them."""
    chosen = metafunc.config.getoption("--database")
    names = DATABASES if chosen == "both" else (chosen,)
    if "database" in metafunc.fixturenames:
        metafunc.parametrize("database", names, indirect=True, scope="session")
    elif "database_kind" in metafunc.fixturenames:
        metafunc.parametrize("database_kind", names, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that two processes end at the same time."""
    items.sort(key=lambda item: not any(item.path.is_relative_to(folder) for folder in LONGEST))


@pytest.fixture(autouse=True)
def _no_outside_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that opens a socket to anywhere but this machine."""
    for name in ("connect", "connect_ex"):
        connect = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, *, connect: Any = connect) -> Any:
            if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:
                pytest.fail(f"A test tried to reach {address}.")
            return connect(self, address)

        monkeypatch.setattr(socket.socket, name, guarded)


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty database of the kind that the test runs on."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'test.sqlite'}"
        return
    with postgres.server() as url:
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:") % "postgres")
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CREATE DATABASE test"))
        engine.dispose()
        yield url % "test"


@pytest.fixture(scope="session")
def settings(database: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings that the tests' application runs under."""
    return load(
        {
            "MAILER_DATABASE_URL": database,
            "MAILER_DATA_DIR": str(tmp_path_factory.mktemp("data")),
            "MAILER_BASE_URL": "http://localhost",
            "MAILER_SECRET_KEY": "a key that only the tests use",
            "MAILER_CHECK_MAIL_DOMAINS": "false",
        }
    )


@pytest.fixture(scope="session")
def migrated_app(settings: Settings) -> Iterator[Flask]:
    """The application over a migrated, empty database."""
    # Limits are hung into the application, and bother no test but those about them.
    limiter.enabled = True
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    limiter.enabled = False
    # What makes a stolen hash worthless is most of the time of a test that signs somebody in.
    app.extensions["security"].pwd_context.update(argon2__time_cost=1, argon2__memory_cost=32)
    with app.app_context():
        migrate_to("head")
        pristine = db.engine.url.database
        if db.engine.dialect.name == "sqlite":
            db.engine.dispose()
            shutil.copy(str(pristine), f"{pristine}.pristine")
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(migrated_app: Flask) -> Iterator[Flask]:
    """The application over an empty database, with its context pushed."""
    with migrated_app.app_context():
        yield migrated_app
        send.close_connections()
        db.session.remove()
        _empty_database()


@pytest.fixture(autouse=True)
def broker() -> Iterator[StubBroker]:
    """A broker in memory; ``queued`` reads what was put into it."""
    # No ``process_boot``: it would start a thread for time limits that nothing ever ends.
    stub = StubBroker()
    for queue in jobs.QUEUES:
        stub.declare_queue(queue)
    dramatiq.set_broker(stub)
    yield stub
    stub.flush_all()
    stub.close()


@pytest.fixture
def queued(broker: StubBroker) -> Callable[[], list[tuple[Any, ...]]]:
    """Return the jobs that wait, as (name, *ids)."""

    def read() -> list[tuple[Any, ...]]:
        waiting = []
        for queue in broker.queues.values():
            for data in list(queue.queue):
                message = dramatiq.Message.decode(data)
                waiting.append((message.actor_name, *message.args))
        return waiting

    return read


@pytest.fixture
def work_off(app: Flask, broker: StubBroker) -> Callable[[], None]:
    """Run the jobs that wait, and those that they ask for, until none is left."""
    workers.load_all()

    def run() -> None:
        db.session.commit()
        while waiting := [queue.get() for queue in broker.queues.values() if not queue.empty()]:
            for data in waiting:
                message = dramatiq.Message.decode(data)
                with app.app_context():
                    workers.ACTORS[message.actor_name].fn(*message.args)

    return run


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a session."""
    return app.test_client()


@pytest.fixture
def workspace(app: Flask) -> Workspace:
    """Ana's workspace, the one that most tests are about."""
    return factories.workspace(name="Ana’s Bakery", slug="bakery")


@pytest.fixture
def other_workspace(app: Flask) -> Workspace:
    """Cleo's workspace, whose rows must never appear in Ana's."""
    return factories.workspace(name="Cleo’s Cheese", slug="cheese")


@pytest.fixture
def ana(workspace: Workspace) -> User:
    """The owner."""
    return factories.user("ana@example.com", name="Ana", workspace=workspace, role=Role.OWNER)


@pytest.fixture
def ben(workspace: Workspace) -> User:
    """The editor."""
    return factories.user("ben@example.com", name="Ben", workspace=workspace, role=Role.EDITOR)


@pytest.fixture
def vera(workspace: Workspace) -> User:
    """The viewer."""
    return factories.user("vera@example.com", name="Vera", workspace=workspace, role=Role.VIEWER)


@pytest.fixture
def cleo(other_workspace: Workspace) -> User:
    """The stranger: owner of another workspace."""
    return factories.user("cleo@example.com", name="Cleo", workspace=other_workspace, role=Role.OWNER)


@pytest.fixture
def sign_in(client: FlaskClient) -> Callable[[User], FlaskClient]:
    """Give the browser a session of someone's."""

    def as_user(user: User) -> FlaskClient:
        db.session.commit()
        with client.session_transaction() as session:
            session["_user_id"] = user.fs_uniquifier
            session["_fresh"] = True
        return client

    return as_user


def _empty_database() -> None:
    if db.engine.dialect.name == "sqlite":
        path = Path(str(db.engine.url.database))
        db.engine.dispose()
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        shutil.copy(f"{path}.pristine", path)
        return
    # Deleting the few rows of a test takes a hundredth of truncating all tables, and
    # triggers and foreign keys have nothing to say while everything goes.
    everything = "; ".join(f'DELETE FROM "{table.name}"' for table in db.metadata.sorted_tables)
    db.session.execute(text("SET LOCAL session_replication_role = replica"))
    db.session.execute(text(everything))
    db.session.commit()


@pytest.fixture
def base_url(app: Flask) -> Iterator[str]:
    """Where the application is served on loopback, for clients that bring their own way to call."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"
