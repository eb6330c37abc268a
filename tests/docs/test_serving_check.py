"""The guide to ServingCheck says what is so: its commands are accepted, its settings and their defaults exist."""

import dataclasses
import re

import pytest

from components.serving_check.config import ServingCheckConfig
from components.trainer.reference import ROWS
from tests.docs.guide import Guide, assert_accepted

GUIDE = Guide("serving_check.md")


@pytest.mark.parametrize("command", GUIDE.commands)
def test_every_command_is_accepted(command, capsys):
    assert_accepted(command, capsys)


def test_every_setting_is_in_the_table_with_its_default():
    said = dict(re.findall(r"^\| `serving\.([a-z0-9_]+)` \| ([0-9.]*)", GUIDE.text, re.MULTILINE))
    fields = {field.name: field.default for field in dataclasses.fields(ServingCheckConfig)}
    assert list(said) == list(fields)
    assert {name: float(text) if text else None for name, text in said.items()} == fields


def test_the_rows_that_the_trainer_keeps_are_as_many_as_said():
    assert f"the first {ROWS} rows of the eval split" in GUIDE.text
    assert ServingCheckConfig().examples <= ROWS
