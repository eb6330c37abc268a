"""The README says what is so: its commands exist, and so do the files that it names."""

import re
from pathlib import Path

import pytest

from pipeline import cli

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def _commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    return [line.partition("#")[0].strip() for block in blocks for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("command", [line for line in _commands() if "slipway" in line])
def test_every_slipway_command_is_accepted(command, capsys):
    """With `--help` at its end the command line is read, and nothing runs."""
    arguments = command.split("slipway ", 1)[1].split()
    assert cli.main([arguments[0], "--help"]) == 0
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert {word for word in arguments if word.startswith("--")} <= options


def test_every_make_target_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {line.split()[1] for line in _commands() if line.startswith("make ")} <= targets


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.[a-z]+)`", README))))
def test_every_named_file_is_there(path):
    assert (ROOT / path).is_file()
