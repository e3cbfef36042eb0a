"""Settings, read from the environment once; the only place that does.

Every setting is an environment variable named ``MAILER_…`` and can instead be given
as a file (``MAILER_SECRET_KEY_FILE=/run/secrets/key``), as container platforms hand
out secrets. A bad value stops the start with one sentence that names it.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

TlsMode = Literal["off", "opportunistic", "required", "verify"]

_PREFIX = "MAILER_"
# The kernel's limit for the path of a unix socket, less the closing zero byte.
_LONGEST_SOCKET_PATH = 107
#: A machine with more has other things to do as well.
_MOST_CORES = 8


class BadSetting(Exception):
    """A setting cannot be used; the message is one sentence that names it."""


def _database_url(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if not separator:
        raise ValueError("must be a URL such as sqlite:///mailer.sqlite or postgresql://user@host/name")
    if scheme in {"postgres", "postgresql", "postgresql+psycopg"}:
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite":
        return value
    raise ValueError(f"must begin with sqlite:// or postgresql://, not {scheme}://")


def _broker_url(value: str) -> str:
    if not value.startswith(("redis://", "rediss://", "unix://", "amqp://", "amqps://")):
        raise ValueError("must begin with redis://, rediss://, unix:// or amqp://")
    return value


def _smtp_url(value: str) -> str:
    SmtpServer.from_url(value)
    return value


def _media_url(value: str) -> str:
    MediaBucket.from_url(value)
    return value


def _spam_filter_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"spamd", "http", "https"} or not parts.hostname:
        raise ValueError("must look like spamd://localhost:783 or http://localhost:11333")
    return value


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError("must be the address of this Mailer, such as https://mail.example.com")
    return value.rstrip("/")


class Settings(BaseSettings):
    """What can be set, with what is used when it is not."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, extra="ignore")

    data_dir: Path = Field(Path("var"), description="where files, spools and the embedded database live")
    database_url: Annotated[str, BeforeValidator(_database_url)] = Field(
        "",
        description="sqlite:///… or postgresql://…; empty: SQLite in the data directory",
        validate_default=False,
    )
    broker_url: Annotated[str, BeforeValidator(_broker_url)] = Field(
        "",
        description="redis://…, unix://… or amqp://…; empty: an embedded server in the data directory",
        validate_default=False,
    )
    smtp_url: Annotated[str, BeforeValidator(_smtp_url)] = Field(
        "",
        description="smtp://[user:password@]host:port[?tls=off|opportunistic|required|verify]; "
        "empty: the built-in catcher",
        validate_default=False,
    )
    base_url: Annotated[str, BeforeValidator(_base_url)] = Field(
        "", description="how the world reaches this Mailer", validate_default=False
    )
    secret_key: str = Field(
        "", min_length=16, description="signs links and encrypts stored secrets", validate_default=False
    )
    port: int = Field(8000, ge=1, le=65535, description="where the web listens")
    bind: str = Field("127.0.0.1", description="the address the web listens on")
    catcher_port: int = Field(
        0, ge=0, le=65535, description="the mail catcher's SMTP port; 0: the web's port + 25"
    )
    inbound_port: int = Field(
        0, ge=0, le=65535, description="where what comes back is taken by a mail server of ours; 0: nowhere"
    )
    inbound_bind: str = Field("127.0.0.1", description="the address that this mail server listens on")
    inbound_lmtp: bool = Field(False, description="whether it speaks LMTP, as a mail server hands mail on")
    submission_port: int = Field(
        0, ge=0, le=65535, description="where programs hand in messages by SMTP; 0: nowhere"
    )
    submission_certificate: str = Field(
        "", description="a PEM file; with it keys are taken over STARTTLS alone"
    )
    submission_private_key: str = Field("", description="the PEM file of its key, where that is another file")
    trusted_proxies: int = Field(0, ge=0, le=9, description="how many proxies in front set X-Forwarded-*")
    campaign_workers: int = Field(
        0,
        ge=0,
        le=64,
        description="worker processes for campaigns; 0: two on SQLite, on PostgreSQL one more than cores",
    )
    worker_threads: int = Field(4, ge=1, le=64, description="threads in each worker process")
    retry_first_seconds: float = Field(
        1800.0, gt=0, description="delay before a deferred delivery's second try"
    )
    lease_seconds: float = Field(
        720.0, ge=5, description="how long a worker may be silent before its claims are in doubt"
    )
    media_url: Annotated[str, BeforeValidator(_media_url)] = Field(
        "",
        description="s3://key:secret@host/bucket[?region=…&tls=off]; empty: pictures in the data directory",
        validate_default=False,
    )
    media_base_url: Annotated[str, BeforeValidator(_base_url)] = Field(
        "",
        description="where mails get pictures from, such as a CDN before /m; empty: this Mailer",
        validate_default=False,
    )
    keep_events_months: int = Field(
        0, ge=0, le=240, description="how long single opens and clicks are kept; their sums stay; 0: for ever"
    )
    api_calls_per_minute: int = Field(12_000, ge=1, description="how often one API key may call")
    agents_send_up_to: int = Field(
        100,
        ge=0,
        description="to how many people an assistant (MCP) may send alone; more is a person’s to confirm",
    )
    private_webhooks: bool = Field(
        False,
        description="whether webhooks may go to this machine and its network, on any port and without TLS; "
        "off where not everybody who has a workspace may reach those",
    )
    spam_filter_url: Annotated[str, BeforeValidator(_spam_filter_url)] = Field(
        "",
        description="spamd://host[:783] (SpamAssassin) or http://host[:11333] (rspamd), asked by preflight; "
        "empty: none",
        validate_default=False,
    )
    follow_links: bool = Field(
        True, description="whether the links of drafts are asked if they answer; off where nothing may go out"
    )
    check_mail_domains: bool = Field(
        True,
        description="whether sign-up forms ask the DNS if a domain takes mail; off where nothing may go out",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="how much is logged")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read what is passed in and nothing else: :func:`load` reads the environment."""
        return (init_settings,)

    @property
    def is_embedded_broker(self) -> bool:
        """Whether the supervisor runs the broker itself."""
        return self.broker_url == _embedded_broker_url(self.data_dir)

    @property
    def is_catching(self) -> bool:
        """Whether mail stays on this machine, in the catcher's inbox."""
        return not self.smtp_url


class SmtpServer:
    """How one SMTP server is reached."""

    def __init__(
        self, *, host: str, port: int, tls: TlsMode = "opportunistic", user: str = "", password: str = ""
    ) -> None:
        self.host, self.port, self.tls, self.user, self.password = host, port, tls, user, password

    @classmethod
    def from_url(cls, url: str) -> "SmtpServer":
        """Read ``smtp://[user:password@]host:port[?tls=…]``.

        :raises ValueError: with what the URL should look like
        """
        parts = urlsplit(url)
        if parts.scheme != "smtp" or not parts.hostname:
            raise ValueError("must look like smtp://user:password@host:587?tls=required")
        tls = parse_qs(parts.query).get("tls", ["opportunistic"])[0]
        if tls not in {"off", "opportunistic", "required", "verify"}:
            raise ValueError(f"tls must be off, opportunistic, required or verify, not “{tls}”")
        return cls(
            host=parts.hostname,
            port=parts.port or 25,
            tls=tls,  # type: ignore[arg-type]
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )


class MediaBucket:
    """A bucket that speaks S3.

    :param endpoint: the server's address; empty for Amazon's own
    """

    def __init__(self, *, endpoint: str, name: str, key: str, secret: str, region: str) -> None:
        self.endpoint, self.name, self.region = endpoint, name, region
        self.key, self.secret = key, secret

    @classmethod
    def from_url(cls, url: str) -> "MediaBucket":
        """Read ``s3://key:secret@host[:port]/bucket[?region=…&tls=off]``.

        :raises ValueError: with what the URL should look like
        """
        parts = urlsplit(url)
        name = parts.path.strip("/")
        if parts.scheme != "s3" or not parts.username or not parts.password or not name or "/" in name:
            raise ValueError("must look like s3://key:secret@host/bucket?region=eu-central-1")
        query = parse_qs(parts.query)
        scheme = "http" if query.get("tls") == ["off"] else "https"
        host = parts.netloc.rpartition("@")[2]
        return cls(
            endpoint=f"{scheme}://{host}" if host else "",
            name=name,
            key=unquote(parts.username),
            secret=unquote(parts.password),
            region=query.get("region", ["us-east-1"])[0],
        )


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings, and make what a first start needs: the data directory and a secret key.

    :raises BadSetting: naming the variable and how to mend it
    """
    given = _given(os.environ if environ is None else environ)
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = _PREFIX + str(first["loc"][0]).upper()
        raise BadSetting(f"{name} {_sentence(first['msg'])}") from None
    data_dir = settings.data_dir.absolute()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        secret_key = settings.secret_key or _kept_secret(data_dir / "secret_key")
    except OSError as error:
        raise BadSetting(
            f"MAILER_DATA_DIR cannot be written to: {error.strerror}: {error.filename}."
        ) from None
    broker_url = settings.broker_url or _embedded_broker_url(data_dir)
    if broker_url.startswith("unix://") and len(broker_url) - len("unix://") > _LONGEST_SOCKET_PATH:
        raise BadSetting(
            "MAILER_DATA_DIR is too long a path for the broker's socket: "
            f"{_LONGEST_SOCKET_PATH} bytes at most."
        )
    database_url = settings.database_url or f"sqlite:///{data_dir / 'mailer.sqlite'}"
    return settings.model_copy(
        update={
            "data_dir": data_dir,
            "secret_key": secret_key,
            "database_url": database_url,
            "campaign_workers": settings.campaign_workers or _campaign_workers(database_url),
            "broker_url": broker_url,
            "base_url": settings.base_url or f"http://localhost:{settings.port}",
            "catcher_port": settings.catcher_port or settings.port + 25,
        }
    )


def _campaign_workers(database_url: str) -> int:
    """Return how many worker processes send campaigns where nobody said it.

    SQLite's write one after the other, so that more than two wait for each other. PostgreSQL's wait for its
    answers a fifth of the time: with one more than there are cores, somebody else sends meanwhile.
    """
    if database_url.startswith("sqlite"):
        return 2
    return min(_MOST_CORES, os.cpu_count() or 1) + 1


def environment_with(**settings: str) -> dict[str, str]:
    """Return this process's environment for an installation beside it, which has settings of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_PREFIX)}
    return {**inherited, **settings}


def in_force(settings: Settings) -> dict[str, str]:
    """Return every setting by the name of its variable, with secrets masked."""
    shown = {}
    for name in Settings.model_fields:
        value = str(getattr(settings, name))
        if name == "secret_key":
            value = "••••"
        elif name.endswith("_url"):
            value = _masked(value)
        shown[_PREFIX + name.upper()] = value
    return shown


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    given = {}
    for field in Settings.model_fields:
        name = _PREFIX + field.upper()
        value, path = environ.get(name, ""), environ.get(f"{name}_FILE", "")
        if value and path:
            raise BadSetting(f"{name} and {name}_FILE are both set; keep one of them.")
        if path:
            try:
                value = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise BadSetting(f"{name}_FILE cannot be read: {error}.") from None
        if value:
            given[field] = value
    return given


def _kept_secret(path: Path) -> str:
    """Return the key made on the first start; whoever loses it loses the stored secrets."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        secret = secrets.token_urlsafe(32)
        file.write(secret)
    return secret


def _embedded_broker_url(data_dir: Path) -> str:
    return f"unix://{data_dir.absolute() / 'broker.sock'}"


def _masked(url: str) -> str:
    parts = urlsplit(url)
    if not parts.password:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":••••@")))


def _sentence(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return (message[:1].lower() + message[1:]).rstrip(".") + "."
