import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import cli
from pipeline.cli import COMMANDS, main

PROJECT = Path(__file__).parents[2]


def slipway(*args, script=("-m", "pipeline.cli"), **options):
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "COLUMNS": "80"}
    command = [sys.executable, *script, *args]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False, **options)


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["rum"], "error: The command must exist. Received: rum. Did you mean 'run'?"),
        (["xyz"], "error: The command must exist. Received: xyz. Known: " + ", ".join(sorted(COMMANDS)) + "."),
        (["--hlep"], "error: An option of `slipway` must exist. Received: --hlep. Did you mean '--help'?"),
        (
            ["run", "--quite"],
            "error: An option of `slipway run` must exist. Received: --quite. Did you mean '--quiet'?",
        ),
        (["run", "a", "b"], "error: Got unexpected extra argument (b). `slipway run --help` shows what can be given."),
        (["run", "--set"], "error: Option '--set' requires an argument."),
        (["run", "txai"], "error: A task must exist. Received: task=txai. Did you mean 'taxi'?"),
        (
            ["run", "--force-bless", " "],
            "error: --force-bless needs a reason. Received: --force-bless=' '. "
            "Say why, such as --force-bless 'the labels of today come late'.",
        ),
        (["show"], "error: Missing argument 'RUN'. `slipway show --help` shows what can be given."),
        (
            ["run", "--set", "training.epoch=2"],
            "error: An override must name a value that exists. Received: training.epoch. Did you mean 'epochs'?",
        ),
    ],
)
def test_bad_usage_is_one_line(args, line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(args) == 2
    assert capsys.readouterr() == ("", line + "\n")
    assert list(tmp_path.iterdir()) == []


def test_the_process_exits_with_the_code(tmp_path):
    done = slipway("run", "nosuch", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_the_help_is_there_at_once():
    # Half a second is the promise; the rest is for a machine that does other things too.
    start = time.monotonic()
    done = slipway("--help")
    assert time.monotonic() - start < 2
    assert done.returncode == 0
    text = " ".join(done.stdout.split())
    for name, summary in COMMANDS.items():
        assert f"{name} {summary}" in text


def test_nothing_asks_for_help(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("Usage: slipway")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name, capsys):
    assert main([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: slipway {name}")
    assert "--debug" in out
    assert max(map(len, out.splitlines())) <= 100


def test_the_help_of_run_has_examples_a_line_each(capsys):
    main(["run", "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert "    slipway run taxi --from Trainer --no-cache" in lines
    assert "    4    the model was not blessed; nothing was pushed" in lines


@pytest.mark.parametrize(
    "module", ["pipeline.cli", *(f"pipeline.commands.{name.replace('-', '_')}" for name in COMMANDS)]
)
def test_no_tensorflow_in_the_command_line(module):
    code = f"import sys, {module}; print(sorted({{'tensorflow', 'tfx', 'keras', 'apache_beam'}} & sys.modules.keys()))"
    assert slipway(script=("-c", code)).stdout == "[]\n"


def test_local_runner_is_slipway_run(tmp_path, capsys):
    script = (str(PROJECT / "local_runner.py"),)
    assert slipway("--help", script=script).stdout.startswith("Usage: local_runner.py [OPTIONS] [TASK]")
    done = slipway("nosuch", script=script, cwd=tmp_path)
    assert done.returncode == 2
    main(["run", "nosuch"])
    assert done.stderr == capsys.readouterr().err


class Broken(dict):
    def __contains__(self, key):
        raise ZeroDivisionError("inside")


def test_a_fault_of_ours_is_one_line_too(monkeypatch, capsys):
    monkeypatch.setattr(cli, "COMMANDS", Broken())
    assert main(["run"]) == 1
    assert capsys.readouterr().err == (
        "error: This is a fault of Slipway. Received: ZeroDivisionError: inside. --debug shows where it happened.\n"
    )


def test_debug_shows_the_traceback(capsys):
    assert main(["run", "nosuch", "--debug"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1].startswith("error: A task must exist.")


def test_an_interrupt_before_the_worker_starts(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.Commands, "resolve_command", interrupted)
    assert main(["run"]) == 130
    assert capsys.readouterr().err.strip() == "error: Interrupted."
