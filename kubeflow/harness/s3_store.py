"""An object store over the S3 protocol, as KFP's own SeaweedFS or MinIO; path style, as KFP's launcher speaks to it."""

import contextlib
import os
import posixpath
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from components.errors import ComponentFailed, SlipwayError, UsageError
from kubeflow.harness.store import files_of

KEY, SECRET, TOKEN, REGION = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"
_SCHEMES = ("s3", "minio")
_REFUSED = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "InvalidToken", "ExpiredToken", "403"}
_CONFIG = Config(
    s3={"addressing_style": "path"},
    retries={"max_attempts": 3},
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=8,
)


class S3Store:
    """Keeps `s3://bucket/key` and `minio://bucket/key` in a server; see `kubeflow.harness.store.Store`.

    Args:
        endpoint: The server, such as `http://127.0.0.1:8333`.
        root: The pipeline root, whose bucket has to be there.
        environment: Holds the credentials, under the names that AWS's own tools use.

    Raises:
        UsageError: The endpoint is no URL, the credentials are missing or refused, or the bucket is not there.
        ComponentFailed: The server does not answer.
    """

    def __init__(self, endpoint: str, root: str, environment: Mapping[str, str] = os.environ) -> None:
        self._endpoint = endpoint
        self._client = _client(endpoint, environment)
        bucket, _ = _parts(root)
        with self._translated(bucket, UsageError):
            self._client.list_objects_v2(Bucket=bucket, MaxKeys=1)

    def upload(self, local: Path, uri: str) -> None:
        bucket, key = _parts(uri)
        with self._translated(bucket):
            for file in files_of(local):
                name = posixpath.normpath(posixpath.join(key, file.relative_to(local).as_posix()))
                with file.open("rb") as body:
                    self._client.put_object(Bucket=bucket, Key=name, Body=body)

    def download(self, uri: str, local: Path) -> None:
        """Copies what an earlier upload has brought; nothing where nothing is.

        A marker, an object of no bytes that stands for a folder, becomes a file, and what lies below it then has no
        place: so it is in KFP (kubeflow/pipelines#13476).
        """
        bucket, key = _parts(uri)
        with self._translated(bucket):
            for found in self._keys(bucket, key):
                place = local / posixpath.relpath(found, key)
                try:
                    place.parent.mkdir(parents=True, exist_ok=True)
                    with place.open("wb") as file:
                        shutil.copyfileobj(self._client.get_object(Bucket=bucket, Key=found)["Body"], file)
                except (FileExistsError, NotADirectoryError, IsADirectoryError):
                    rule = "No object may stand for a folder: KFP's launcher makes a file of it."
                    raise ComponentFailed(rule, received=f"{found} in {bucket}") from None

    def _keys(self, bucket: str, key: str) -> Iterator[str]:
        """Yields the keys of an artifact, and not those of another whose name begins alike."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key):
            for item in page.get("Contents", ()):
                if item["Key"] == key or item["Key"].startswith(f"{key}/"):
                    yield item["Key"]

    @contextlib.contextmanager
    def _translated(self, bucket: str, refused: type[SlipwayError] = ComponentFailed) -> Iterator[None]:
        """Turns what the server or its client says into one line."""
        try:
            yield
        except ClientError as error:
            raise self._refused(error, bucket, refused) from None
        except BotoCoreError as error:
            fix = "See whether it runs and whether the endpoint is right."
            received = f"{self._endpoint}: {error}".rstrip(".")
            raise ComponentFailed("The S3 server must answer.", received=received, fix=fix) from None

    def _refused(self, error: ClientError, bucket: str, kind: type[SlipwayError]) -> SlipwayError:
        code = str(error.response["Error"]["Code"])
        received = f"{code} from {self._endpoint}, bucket {bucket}"
        if code in _REFUSED:
            return kind("The S3 server must take the credentials.", received=received, fix=f"Set ${KEY} and ${SECRET}.")
        if code in ("NoSuchBucket", "404"):
            return kind("The bucket of the pipeline root must be there.", received=received, fix="Make it first.")
        return ComponentFailed("The S3 server must do what it is asked.", received=f"{received}: {error}".rstrip("."))


def _client(endpoint: str, environment: Mapping[str, str]) -> Any:
    missing = [name for name in (KEY, SECRET) if not environment.get(name)]
    if missing:
        fix = "Credentials come from the environment only."
        raise UsageError(f"An S3 server needs ${KEY} and ${SECRET}.", received=f"no {missing[0]}", fix=fix)
    if not endpoint.startswith(("http://", "https://")):
        raise _no_url(endpoint)
    try:
        return boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id=environment[KEY],
            aws_secret_access_key=environment[SECRET],
            aws_session_token=environment.get(TOKEN),
            region_name=environment.get(REGION, "us-east-1"),
            config=_CONFIG,
        )
    except ValueError:
        raise _no_url(endpoint) from None


def _no_url(endpoint: str) -> UsageError:
    return UsageError("The endpoint must be the URL of an S3 server.", received=endpoint, fix="As http://HOST:PORT.")


def _parts(uri: str) -> tuple[str, str]:
    """Returns bucket and key."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme not in _SCHEMES or not bucket:
        rule = "In an S3 server, a URI must begin with s3:// or minio:// and name a bucket."
        raise UsageError(rule, received=uri, fix="Compile the file with such a --pipeline-root.")
    return bucket, key
