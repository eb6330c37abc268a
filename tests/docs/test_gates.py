"""The guide to the gates says what is so: its commands are accepted, its names exist."""

import re

import pytest

from components.evaluator.config import EvaluationConfig, Threshold
from components.evaluator.verdict import FORCED_PROPERTY
from tests.docs.guide import ROOT, Guide, assert_accepted

GUIDE = Guide("gates.md")


@pytest.mark.parametrize("command", [line for line in GUIDE.commands if line.startswith(".venv/")])
def test_every_command_is_accepted(command, capsys):
    assert_accepted(command, capsys)


@pytest.mark.parametrize("path", re.findall(r"`([a-z_]+/[a-z_/]+\.(?:py|pbtxt))`", GUIDE.text))
def test_every_file_exists(path):
    assert (ROOT / path).exists()


def test_its_names_are_those_of_the_code():
    assert f"`{FORCED_PROPERTY}`" in GUIDE.text
    for name in ("min_slice_examples", "slice_thresholds"):
        assert name in EvaluationConfig.__dataclass_fields__
        assert name in GUIDE.text
    assert {"min_improvement", "higher_is_better"} < Threshold.__dataclass_fields__.keys()


def test_the_rule_that_it_narrows_is_in_the_schema():
    [old] = re.findall(r"sed 's/(.*?)/", GUIDE.text)
    assert (ROOT / "schemas/taxi/schema.pbtxt").read_text().count(old) == 1
