"""The README says what is so: its commands run, in its order, and the files that it names are there."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.new.tables import passengers

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
RUN_BY_CI = {"make test", "make bench"}


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def _commands() -> list[str]:
    lines = [line.partition(" #")[0].strip() for block in _blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line]


def test_every_make_target_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {line.split()[1] for line in _commands() if line.startswith("make ")} | set(
        re.findall(r"`make ([a-z]+)`", README)
    )
    assert named <= targets


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.[a-z]+)`", README))))
def test_every_named_file_is_there(path):
    assert (ROOT / path).is_file()


@pytest.mark.parametrize("command", sorted(RUN_BY_CI))
def test_what_is_not_run_here_is_run_by_ci(command):
    assert re.search(rf"^stage(_before \S+)? {command}\b", (ROOT / ".ci/run").read_text(), re.MULTILINE)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_commands_run_in_the_order_of_the_readme(tmp_path):
    """From the first `make run` to `slipway show`, in one home, and then the Python that asks the pushed model."""
    home = tmp_path / "home"
    # A `make slow ARGS=...` around this test would hand its options on to every `make` in it.
    made = ("ARGS", "MAKEFLAGS", "MAKEOVERRIDES")
    inherited = {name: value for name, value in os.environ.items() if name not in made}
    environment = {**inherited, "SLIPWAY_HOME": str(home), "VENV": sys.prefix}
    for command in _commands():
        if command in RUN_BY_CI:
            continue
        done = subprocess.run(
            shlex.split(_filled_in(command, home)),
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        assert done.stdout.strip(), command
    [snippet] = _blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", _filled_in(snippet, home)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    [probability] = re.findall(r"tf\.Tensor\(\[\[(\S+)\]\]", done.stdout)
    assert 0 < float(probability) < 1


def _filled_in(text: str, home: Path) -> str:
    """Puts in what the reader would: a folder, the newest run, the newest version."""
    if "my/tfrecords" in text:
        shutil.copytree(home / "data" / "taxi", home.parent / "tfrecords")
        text = text.replace("my/tfrecords", str(home.parent / "tfrecords"))
    if "my/table.csv" in text:
        # The new task goes elsewhere than into the checkout; tests/pipeline/new/test_run.py runs one.
        table, project = passengers(home.parent / "table.csv"), home.parent / "project"
        for folder in ("pipeline/tasks", "schemas"):
            (project / folder).mkdir(parents=True)
        text = text.replace("my/table.csv", f"{table} --project {project}")
    if "RUN" in text:
        text = text.replace("RUN", _newest_push(home)["run_id"])
    if "VERSION" in text:
        text = text.replace("VERSION", Path(_newest_push(home)["path"]).name)
    return text.replace(".venv/bin/", f"{sys.prefix}/bin/").replace(".slipway/", f"{home}/")


def _newest_push(home: Path) -> dict[str, str]:
    """Returns the newest `pushed` event with the run that it belongs to."""
    pushes = [
        {**event, "run_id": log.parent.name}
        for log in (home / "runs").glob("*/events.jsonl")
        for event in map(json.loads, log.read_text().splitlines())
        if event["event"] == "pushed"
    ]
    return max(pushes, key=lambda event: event["time"])
