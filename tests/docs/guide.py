"""What the tests of all guides look at."""

import itertools
import re
import shlex
from pathlib import Path

import pytest

from pipeline import cli, tasks
from pipeline.config import override

ROOT = Path(__file__).resolve().parents[2]


class Guide:
    """A page of `docs/`.

    Args:
        name: Its file name.
    """

    def __init__(self, name: str) -> None:
        self.file = ROOT / "docs" / name
        self.text = self.file.read_text()

    def blocks(self, language: str) -> list[str]:
        """The code of a language, block by block."""
        return re.findall(rf"```{language}\n(.*?)```", self.text, re.DOTALL)

    @property
    def commands(self) -> list[str]:
        """The lines of the shell."""
        return [line for block in self.blocks("sh") for line in block.splitlines()]

    @property
    def links(self) -> list[str]:
        """What the page leads to."""
        return sorted(set(re.findall(r"\]\(([^)#]+)\)", self.text)))


def assert_accepted(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The command exists, with all its options and settings."""
    program, name, task, *arguments = shlex.split(command)
    assert program == ".venv/bin/slipway"
    assert cli.main([name, "--help"]) == 0
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert {word for word in arguments if word.startswith("--")} <= known
    if task in tasks.names():
        override(tasks.load(task), [value for option, value in itertools.pairwise(arguments) if option == "--set"])
