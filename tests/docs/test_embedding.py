"""The guide to the Embedder says what is so: its commands are accepted, its Python builds a model, settings exist."""

import dataclasses
import itertools
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
import tensorflow as tf

from components.embedding.config import EmbeddingConfig
from components.model_description import FILE
from pipeline import cli, tasks
from pipeline.class_names import CLASSES_FILE
from pipeline.config import override

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "embedding.md"
TEXT = GUIDE.read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


COMMANDS = [line for block in _blocks("sh") for line in block.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_accepted(command, capsys):
    program, name, task, *arguments = shlex.split(command)
    assert program == ".venv/bin/slipway"
    assert cli.main([name, "--help"]) == 0
    given = {word for word in arguments if word.startswith("--")}
    assert given <= set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    if task in tasks.names():
        override(tasks.load(task), [value for option, value in itertools.pairwise(arguments) if option == "--set"])


def test_every_setting_is_in_the_table():
    assert re.findall(r"^\| `embedding\.([a-z_]+)`", TEXT, re.MULTILINE) == [
        field.name for field in dataclasses.fields(EmbeddingConfig) if field.name != "params"
    ]


def test_the_snippet_builds_a_model():
    [snippet] = _blocks("python")
    scope: dict = {}
    exec(snippet, scope)
    specs = {"embedding": tf.io.FixedLenFeature([5], tf.float32)}
    model = scope["build_model"](SimpleNamespace(transformed_feature_spec=lambda: specs))
    assert model.output_shape == (None, 10)


def test_files_and_tasks_that_are_named_are_there():
    paths = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", TEXT))
    assert paths
    assert all((ROOT / path).is_file() for path in paths)
    assert f"`{FILE}`" in TEXT
    assert f"`{CLASSES_FILE}`" in TEXT
    named = [name for name in tasks.names() if tasks.load(name).embedding.module]
    assert all(f"`{name}`" in TEXT for name in named)
