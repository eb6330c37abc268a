"""Every `slipway` command of the docs exists and takes the options that it is given there."""

import re
import shlex
from pathlib import Path

import click
import pytest

from pipeline import tasks
from pipeline.cli import slipway
from pipeline.config import override

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _commands() -> list[str]:
    text = "\n".join(page.read_text() for page in sorted(DOCS.glob("*.md")))
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).replace("\\\n", " ")
    lines = (line.partition(" #")[0].strip() for line in blocks.splitlines())
    named = (re.sub(r"^(\S*/)?slipway ", "", line) for line in lines if re.match(r"^(\S*/)?slipway ", line))
    return sorted(set(named))


@pytest.mark.parametrize("line", _commands())
def test_a_command_of_the_docs_can_be_called(line, tmp_path, monkeypatch):
    name, *arguments = shlex.split(line)
    monkeypatch.chdir(tmp_path)
    for compiled in (argument for argument in arguments if re.fullmatch(r"\w+\.yaml", argument)):
        (tmp_path / compiled).touch()
    command = slipway.get_command(click.Context(slipway), name)
    assert command is not None, name
    context = command.make_context(name, arguments)
    if context.params.get("overrides") and context.params.get("task") in tasks.names():
        override(tasks.load(context.params["task"]), context.params["overrides"])


def test_there_are_such_commands():
    assert any(line.startswith("run ") for line in _commands())
