"""The guide to training says what is so: its commands are accepted, its Python runs in its order and holds."""

import ast
import dataclasses
import os
import re
import shlex
import subprocess
import sys

import pytest

from components.trainer.config import CallbacksConfig, GuardConfig, TrainingConfig
from components.trainer.optimizer_config import OptimizerConfig
from tests.docs.guide import ROOT, Guide, assert_accepted

GUIDE = Guide("training.md")
SETTINGS = re.findall(r"^\| `([a-z_.]+)", GUIDE.text, re.MULTILINE)


@pytest.mark.parametrize("command", GUIDE.commands)
def test_every_command_is_accepted(command, capsys):
    assert_accepted(command, capsys)


@pytest.mark.parametrize("number", range(len(GUIDE.blocks("python"))))
def test_every_snippet_is_python(number):
    assert ast.parse(GUIDE.blocks("python")[number]).body


@pytest.mark.parametrize("path", GUIDE.links)
def test_every_link_leads_somewhere(path):
    assert (GUIDE.file.parent / path).resolve().exists()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", GUIDE.text))))
def test_every_named_file_is_there(path):
    assert (ROOT / path).is_file()


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_of_the_table_exists(name):
    kinds = {"optimizer": OptimizerConfig, "callbacks": CallbacksConfig, "guard": GuardConfig}
    group, _, field = name.rpartition(".")
    assert field in {own.name for own in dataclasses.fields(kinds.get(group, TrainingConfig))}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_guide_runs_from_top_to_bottom(tmp_path):
    """In one folder, as a reader would: Transform's output first, then one Python session with all snippets."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    environment.pop("SLIPWAY_HOME", None)

    def run(*command: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{shlex.join(command)}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done

    slipway = f"{sys.prefix}/bin/slipway"
    prepare, *others = (shlex.split(command)[1:] for command in GUIDE.commands)
    assert "Transform complete" in run(slipway, *prepare).stdout
    (tmp_path / "guide.py").write_text("\n".join(GUIDE.blocks("python")))
    run(sys.executable, "guide.py")
    for arguments in others:
        if arguments[0] == "schedule":
            assert "steps an epoch" in run(slipway, *arguments).stdout
