from pathlib import Path
from typing import Any

import pytest

from pipeline.doctor import stack
from pipeline.doctor.facts import Facts
from pipeline.home import Home

INSTALLED = {
    "tfx": "1.21.0",
    "tensorflow": "2.21.0",
    "keras": "3.15.1",
    "apache-beam": "2.77.0",
    "ml-metadata": "1.21.0",
    "tensorflow-data-validation": "1.21.0",
    "tensorflow-transform": "1.21.0",
    "tensorflow-model-analysis": "0.52.0",
    "tfx-bsl": "1.21.0",
    "tensorflow-hub": "0.16.1",
    "pyfarmhash": "0.3.2",
}


@pytest.fixture
def healthy(tmp_path, monkeypatch) -> Facts:
    """A machine with glibc 2.41 where the official lock is installed in the checkout's .venv; all is well."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    return Facts(
        python=(3, 13, 5),
        implementation="cpython",
        other_pythons=(),
        offered_python=None,
        system="Linux",
        machine="x86_64",
        avx=True,
        glibc=(2, 41),
        libstdcxx=Path("/lib/libstdc++.so.6"),
        glibcxx=33,
        packager="apt-get",
        superuser=False,
        compiler="g++",
        compiler_found=True,
        headers=True,
        memory=16 * 10**9,
        checkout=tmp_path,
        prefix=tmp_path / ".venv",
        pip_install=".venv/bin/python -m pip install",
        installed=INSTALLED,
        stamp=stack.OFFICIAL.lock,
        pins=INSTALLED,
        libraries={"ml-metadata": None, "tensorflow-data-validation": None},
        sql_util=False,
        imports=None,
        tasks={"taxi": ()},
        home=Home(tmp_path / ".slipway"),
        home_problem=None,
        lock_problem=None,
        store=None,
        writer=None,
        disk=100 * 10**9,
    )


@pytest.fixture
def older(healthy) -> dict[str, Any]:
    """What to replace to get Debian 12 with the lock for an older glibc."""
    versions = INSTALLED | {"ml-metadata": "1.17.1", "tensorflow-data-validation": "1.16.1"}
    return {
        "python": (3, 11, 2),
        "glibc": (2, 36),
        "glibcxx": 30,
        "installed": versions,
        "pins": versions,
        "stamp": stack.OLDER.lock,
        "sql_util": True,
    }
