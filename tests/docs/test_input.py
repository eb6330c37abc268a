"""The guide to the input says what is so: its commands are accepted, its Python runs in its order and holds."""

import dataclasses
import os
import re
import subprocess
import sys

import pytest

from components.trainer.input_config import InputConfig
from tests.docs.guide import ROOT, Guide, assert_accepted

GUIDE = Guide("input.md")


@pytest.mark.parametrize("command", GUIDE.commands)
def test_every_command_is_accepted(command, capsys):
    assert_accepted(command, capsys)


def test_every_setting_of_the_table_exists_and_none_is_missing():
    named = {
        name
        for cell in re.findall(r"^\| (`[^|]*) \|", GUIDE.text, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cell)
    }
    assert named == {field.name for field in dataclasses.fields(InputConfig)}


@pytest.mark.parametrize("path", GUIDE.links)
def test_every_link_leads_somewhere(path):
    assert (GUIDE.file.parent / path).resolve().exists()


@pytest.mark.slow
def test_the_guide_runs_from_top_to_bottom(tmp_path):
    (tmp_path / "guide.py").write_text("\n".join(GUIDE.blocks("python")))
    done = subprocess.run(
        [sys.executable, "guide.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
