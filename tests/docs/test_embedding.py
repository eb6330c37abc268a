"""The guide to the Embedder says what is so: its commands are accepted, its Python builds a model, settings exist."""

import dataclasses
import re
from types import SimpleNamespace

import pytest
import tensorflow as tf

from components.embedding.config import EmbeddingConfig
from components.model_description import FILE
from pipeline import tasks
from pipeline.class_names import CLASSES_FILE
from tests.docs.guide import ROOT, Guide, assert_accepted

GUIDE = Guide("embedding.md")


@pytest.mark.parametrize("command", GUIDE.commands)
def test_every_command_is_accepted(command, capsys):
    assert_accepted(command, capsys)


def test_every_setting_is_in_the_table():
    assert re.findall(r"^\| `embedding\.([a-z_]+)`", GUIDE.text, re.MULTILINE) == [
        field.name for field in dataclasses.fields(EmbeddingConfig) if field.name != "params"
    ]


def test_the_snippet_builds_a_model():
    [snippet] = GUIDE.blocks("python")
    scope: dict = {}
    exec(snippet, scope)
    specs = {"embedding": tf.io.FixedLenFeature([5], tf.float32)}
    model = scope["build_model"](SimpleNamespace(transformed_feature_spec=lambda: specs))
    assert model.output_shape == (None, 10)


def test_files_and_tasks_that_are_named_are_there():
    paths = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", GUIDE.text))
    assert paths
    assert all((ROOT / path).is_file() for path in paths)
    assert f"`{FILE}`" in GUIDE.text
    assert f"`{CLASSES_FILE}`" in GUIDE.text
    named = [name for name in tasks.names() if tasks.load(name).embedding.module]
    assert all(f"`{name}`" in GUIDE.text for name in named)
