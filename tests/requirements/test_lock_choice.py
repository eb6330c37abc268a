"""The choice of the lock is a table over a machine's facts; no test here needs such a machine."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import lock_choice
import pytest
from lock_choice import OFFICIAL, OLDER, Choice, Facts, Refusal, choose_lock, find_python, gather_facts

REQUIREMENTS = Path(lock_choice.__file__).parent
DEBIAN_12 = Facts(
    python=(3, 11),
    implementation="cpython",
    system="linux",
    machine="x86_64",
    glibc=(2, 36),
    venv=True,
    compiler="g++",
    compiler_found=True,
    headers=True,
)
TOO_OLD = Refusal("rule", "received", "fix", other_python=True)


@pytest.mark.parametrize(
    ("glibc", "python", "lock"),
    [
        ((2, 28), (3, 11), OLDER),
        ((2, 34), (3, 11), OLDER),
        ((2, 38), (3, 11), OLDER),
        ((2, 39), (3, 11), OFFICIAL),
        ((2, 39), (3, 12), OFFICIAL),
        ((2, 41), (3, 13), OFFICIAL),
        ((3, 0), (3, 13), OFFICIAL),
    ],
)
def test_the_lock_follows_glibc_and_python(glibc, python, lock):
    answer = choose_lock(DEBIAN_12._replace(glibc=glibc, python=python))

    assert isinstance(answer, Choice)
    assert answer.lock == lock
    assert answer.reason.startswith(f"glibc {glibc[0]}.{glibc[1]} is ")


@pytest.mark.parametrize(
    ("changes", "received", "fix"),
    [
        ({"system": "darwin", "machine": "arm64"}, "darwin on arm64", "Linux x86_64"),
        ({"system": "win32", "machine": "AMD64", "glibc": None}, "win32 on AMD64", "Linux x86_64"),
        ({"machine": "aarch64"}, "linux on aarch64", "Linux x86_64"),
        ({"glibc": None}, "musl", "Debian"),
        ({"glibc": (2, 17)}, "glibc 2.17", "Debian"),
        ({"python": (3, 10)}, "cpython 3.10", "python3.11-venv"),
        ({"python": (3, 12)}, "cpython 3.12", "python3.11-dev"),
        ({"python": (3, 14), "glibc": (2, 41)}, "cpython 3.14", "PYTHON=/path/to/python3.11"),
        ({"implementation": "pypy"}, "pypy 3.11", "python3.11"),
        ({"implementation": "free-threaded cpython"}, "free-threaded cpython 3.11", "python3.11"),
        ({"venv": False}, "Python 3.11 without venv", "python3.11-venv"),
        ({"compiler": "clang++", "compiler_found": False}, "no clang++ on PATH", "g++"),
        ({"headers": False, "python": (3, 13), "glibc": (2, 41)}, "without Python.h", "python3.13-dev"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_way_out(changes, received, fix):
    answer = choose_lock(DEBIAN_12._replace(**changes))

    assert isinstance(answer, Refusal)
    assert received in answer.received
    assert fix in answer.fix
    assert "\n" not in str(answer)
    assert str(answer).startswith(f"{answer.rule} Received: ")


def test_the_platform_is_judged_before_python_and_python_before_the_compiler():
    everything_wrong = DEBIAN_12._replace(machine="riscv64", python=(3, 8), compiler_found=False)

    assert "x86_64" in choose_lock(everything_wrong).rule
    assert "CPython" in choose_lock(everything_wrong._replace(machine="x86_64")).rule


@pytest.mark.parametrize("name", ["install.py", "lock_choice.py"])
def test_an_old_interpreter_can_read_the_installer(name):
    ast.parse((REQUIREMENTS / name).read_text(), feature_version=(3, 6))


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.9", "3.10"])
def test_an_old_interpreter_gets_one_line_and_nothing_is_made(version, tmp_path):
    python = shutil.which(f"python{version}")
    if not python or subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip(f"no python{version} here")
    shutil.copytree(REQUIREMENTS, tmp_path / "requirements", ignore=shutil.ignore_patterns("__pycache__"))
    # Behind a version manager's shim; on the empty PATH below it would find nothing.
    real = subprocess.run(
        [python, "-c", "import sys; print(sys.executable)"], capture_output=True, text=True, check=True
    )

    answer = subprocess.run(
        [real.stdout.strip(), "-B", "requirements/install.py"],
        cwd=tmp_path,
        env={"PATH": str(tmp_path / "nothing")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 2
    assert answer.stdout == ""
    assert f"Received: cpython {version}." in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert sorted(item.name for item in tmp_path.iterdir()) == ["requirements"]


def test_facts_of_this_machine_pass_through_json():
    answer = subprocess.run(
        [sys.executable, lock_choice.__file__], capture_output=True, text=True, check=True, env=dict(os.environ)
    )

    values = json.loads(answer.stdout)
    assert Facts(**{**values, "python": tuple(values["python"]), "glibc": tuple(values["glibc"])}) == gather_facts()


def put_python(folder: Path, version: str, facts: Facts | None) -> str:
    """Writes an interpreter that reports the given facts, or one that does not run."""
    path = folder / f"python{version}"
    text = "exit 127" if facts is None else f"echo '{json.dumps(facts._asdict())}'"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_another_python_on_path_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    put_python(tmp_path, "3.11", None)
    put_python(tmp_path, "3.12", DEBIAN_12._replace(python=(3, 12)))
    fitting = put_python(tmp_path, "3.13", DEBIAN_12._replace(python=(3, 13), glibc=(2, 41)))

    assert find_python(TOO_OLD) == fitting


@pytest.mark.parametrize("lacking", ["venv", "headers", "compiler_found"])
def test_a_python_that_almost_fits_says_what_it_lacks(lacking, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    put_python(tmp_path, "3.11", DEBIAN_12._replace(**{lacking: False}))
    put_python(tmp_path, "3.12", DEBIAN_12._replace(python=(3, 12)))

    assert find_python(TOO_OLD) == choose_lock(DEBIAN_12._replace(**{lacking: False}))


def test_without_another_python_the_refusal_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    put_python(tmp_path, "3.12", DEBIAN_12._replace(python=(3, 12)))

    assert find_python(TOO_OLD) == TOO_OLD
