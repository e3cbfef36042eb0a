"""Both places where pictures lie; the bucket is one of a real server that speaks S3, on loopback."""

import boto3
import pytest
from moto.server import ThreadedMotoServer

from mailer.composing.media.store import Bucket, Folder
from mailer.config import BadSetting, MediaBucket, load
from mailer.errors import Conflict


@pytest.fixture(scope="module")
def s3():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def store(request, tmp_path):
    if request.param == "folder":
        return Folder(tmp_path)
    host = request.getfixturevalue("s3")
    boto3.client(
        "s3",
        endpoint_url=f"http://{host}",
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="s/ecret",
    ).create_bucket(Bucket="pictures")
    return Bucket(MediaBucket.from_url(f"s3://key:s%2Fecret@{host}/pictures?tls=off"))


def test_what_is_put_is_got(store):
    store.put("abc.png", b"\x89PNG", "image/png")

    assert store.get("abc.png") == b"\x89PNG"
    assert store.get("abd.png") is None


def test_a_bucket_that_is_not_there_is_a_sentence(s3):
    store = Bucket(MediaBucket.from_url(f"s3://key:secret@{s3}/elsewhere?tls=off"))

    with pytest.raises(Conflict, match="does not take the picture"):
        store.put("abc.png", b"x", "image/png")


@pytest.mark.parametrize(
    "url", ["https://host/bucket", "s3://host/bucket", "s3://key:secret@host", "s3://k:s@h/a/b"]
)
def test_a_bucket_has_an_address(url, tmp_path):
    with pytest.raises(BadSetting, match="MAILER_MEDIA_URL must look like s3://"):
        load({"MAILER_DATA_DIR": str(tmp_path), "MAILER_MEDIA_URL": url})


def test_amazons_own_needs_no_host():
    bucket = MediaBucket.from_url("s3://key:secret@/pictures?region=eu-central-1")

    assert (bucket.endpoint, bucket.name, bucket.region) == ("", "pictures", "eu-central-1")
