"""An S3 server for the tests that need one."""

from collections.abc import Iterator

import pytest

from tests.kubeflow.harness import s3_server


@pytest.fixture(scope="session")
def s3() -> Iterator[s3_server.Server]:
    """SeaweedFS with one bucket; only slow tests may ask for it, as it takes seconds to start."""
    with s3_server.running() as server:
        yield server
