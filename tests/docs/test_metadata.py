"""The guide to the metadata says what is so: its commands are accepted, each question has an answer."""

import contextlib
import io
import json

import pytest

from pipeline.home import Home
from tests.docs.guide import Guide, assert_accepted
from tests.pipeline.conftest import Recorder

GUIDE = Guide("metadata.md")
COMMANDS = [command for command in GUIDE.commands if not command.startswith("export ")]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_accepted(command, capsys):
    assert_accepted(command, capsys)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A run that pushed, and one with another seed that failed."""
    monkeypatch.chdir(tmp_path)
    home = Home.open()
    recorder = Recorder(home.metadata_db)
    code = json.dumps({"modules": {"m": "ab"}, "versions": {"keras": "3.15.0"}})
    fields = {"input_base": "/data", "input_fingerprint": "f"}
    examples = recorder.step("Gen", outputs=[("Examples", home.root / "e", {"span": 3})], run="run-1", span=3, **fields)
    config = [json.dumps({"training": {"seed": seed}}) for seed in (1, 2)]
    told = {"run_fn": "my.run_fn", "code": code}
    model = recorder.step(
        "Trainer", examples, [("Model", home.root / "m", {})], run="run-1", custom_config=config[0], **told
    )
    served = home.serving("taxi") / "17"
    served.mkdir(parents=True)
    pushed = {"pushed": 1, "pushed_version": "17", "pushed_destination": str(served)}
    recorder.step("Pusher", model, [("PushedModel", home.root / "p", pushed)], run="run-1")
    recorder.step("Gen", outputs=examples, state="cached", run="run-2", **fields)
    result = {"__execution_result__": json.dumps({"resultMessage": "No space left."})}
    recorder.step("Trainer", examples, state="failed", run="run-2", custom_config=config[1], **told, **result)
    return home


def test_every_question_has_an_answer(home):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec("\n".join(GUIDE.blocks("python")), {})
    answers = printed.getvalue().splitlines()
    assert GUIDE.text.count("?\n\n```python") == 10
    assert answers[0] == "[('run-2', 'failed', 1, None, None), ('run-1', 'complete', 0, None, '17')]"
    assert answers[1] == "['No space left.']"
    assert "('data', '/data, span 3'" in answers[2]
    assert answers[3] == "{'seed': 1}"
    assert answers[4] == '["the schema\'s file"]'
    assert answers[5] == "[(2, 'run-1', None), (3, 'run-1', '17')]"
    assert answers[6] == "['Model', 'PushedModel']"
    assert "'custom_config.training.seed': 1" in answers[7]
    assert "('parameter', 'Trainer.custom_config.training.seed', (2, 1))" in answers[8]
    assert answers[9] == "['parameter custom_config.training.seed: 1 -> 2']"
    assert answers[10] == "[(3, 'missing'), (2, 'missing'), (1, 'missing')]"
    assert len(answers) == 11
