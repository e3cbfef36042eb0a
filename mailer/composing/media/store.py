"""Where the bytes of pictures lie: in the data directory, or in a bucket that speaks S3."""

from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from mailer.config import MediaBucket
from mailer.current import settings
from mailer.errors import Conflict


class Store(Protocol):
    """Keeps files under names that are never used twice."""

    def put(self, name: str, data: bytes, mime_type: str) -> None:
        """Keep a file."""

    def get(self, name: str) -> bytes | None:
        """Return a file; none when there is no such file."""


class Folder:
    """Files in the data directory, spread over folders by the beginning of their names."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, data: bytes, mime_type: str) -> None:
        """Keep a file; whoever reads it meanwhile sees all of it or nothing."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_bytes(data)
        partial.replace(path)

    def get(self, name: str) -> bytes | None:
        """Return a file."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def _path(self, name: str) -> Path:
        return self._root / name[:2] / name


class Bucket:
    """Objects of one bucket, by whatever server speaks S3."""

    def __init__(self, bucket: MediaBucket) -> None:
        try:
            # Only where it is asked for: it takes 80 MB on the disk.
            import boto3
            from botocore.config import Config
        except ImportError:
            raise Conflict("A bucket takes the extra “s3”: pip install 'mailer[s3]'.") from None
        self._name = bucket.name
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=bucket.endpoint or None,
            region_name=bucket.region,
            aws_access_key_id=bucket.key,
            aws_secret_access_key=bucket.secret,
            config=Config(connect_timeout=5, read_timeout=15, retries={"max_attempts": 2}),
        )

    def put(self, name: str, data: bytes, mime_type: str) -> None:
        """Keep an object.

        :raises Conflict: with the server's words
        """
        try:
            self._client.put_object(
                Bucket=self._name,
                Key=name,
                Body=data,
                ContentType=mime_type,
                CacheControl="public, max-age=31536000, immutable",
            )
        except Exception as error:
            raise Conflict(f"The bucket does not take the picture: {error}") from error

    def get(self, name: str) -> bytes | None:
        """Return an object.

        :raises Conflict: with the server's words
        """
        try:
            return bytes(self._client.get_object(Bucket=self._name, Key=name)["Body"].read())
        except self._client.exceptions.NoSuchKey:
            return None
        except Exception as error:
            raise Conflict(f"The bucket does not answer: {error}") from error


def store() -> Store:
    """Return where this installation keeps its pictures."""
    given = settings()
    if given.media_url:
        return _bucket(given.media_url)
    return Folder(given.data_dir / "media")


@lru_cache(maxsize=4)
def _bucket(url: str) -> Bucket:
    return Bucket(MediaBucket.from_url(url))
