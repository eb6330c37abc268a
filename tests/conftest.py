"""Fixtures that every folder of tests can use."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import setuptools  # noqa: F401 (TFX imports it late, and it fails once a package has imported distutils)

ROOT = Path(__file__).resolve().parents[1]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Keeps bytes out of the ids of tests: what holds a time has another id in each process of pytest-xdist."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def run_local() -> Run:
    """Runs `python local_runner.py ARGUMENTS` as a user does and returns the finished process."""

    def run(*arguments: str | Path, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "local_runner.py"), *map(str, arguments)],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != "SLIPWAY_HOME"},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
