import json
import subprocess
import sys

import pytest

from pipeline.cli import main

COSINE = "training.optimizer.learning_rate={kind: cosine, learning_rate: 0.01, warmup_steps: 10}"
RECIPE = """training.recipe=[
  {epochs: 1, rules: [["deep_logit/.*", 0.01], [".*", null]]},
  {epochs: 3, rules: [["deep_logit/.*", {kind: cosine, learning_rate: 0.001}], [".*", 0.0001]]}]"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLIPWAY_HOME", raising=False)
    monkeypatch.setenv("COLUMNS", "80")


def test_a_schedule_is_drawn_in_the_terminal_and_as_a_picture(capsys, tmp_path):
    assert main(["schedule", "taxi", "--steps", "400", "--set", COSINE]) == 0
    out = capsys.readouterr().out
    assert out.startswith("taxi: learning rate over 400 steps, 4 epochs of 100\n")
    assert "0.01 │" in out
    assert "0 to 399" in out
    assert "Length   100 steps an epoch: as asked for" in out
    assert "Plateau" not in out
    assert (tmp_path / ".slipway" / "reports" / "schedule-taxi.png").read_bytes().startswith(b"\x89PNG")
    assert max(map(len, out.splitlines())) <= 80


def test_a_constant_rate_may_still_fall_on_a_plateau(capsys):
    assert main(["schedule", "--rows", "10034"]) == 0
    out = capsys.readouterr().out
    assert "252 steps an epoch: 10,034 rows as asked for" in out
    assert "Plateau  val_auc may lower it, times 0.5" in out


def test_a_recipe_has_a_letter_for_each_rule(capsys, tmp_path):
    arguments = ["schedule", "--steps", "400", "--set", RECIPE, "--set", "training.epochs=null", "--out", "a.png"]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "a  1      deep_logit/.*     0 to 99" in out
    assert "a  2      deep_logit/.*  100 to 399" in out
    assert "b  2      .*             100 to 399" in out
    assert (tmp_path / "a.png").exists()
    assert not (tmp_path / ".slipway").exists()


def test_json_has_the_numbers_and_draws_nothing_unless_asked(capsys, tmp_path):
    assert main(["schedule", "--steps", "40", "--set", COSINE, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert (values["task"], values["steps"], values["epochs"], values["steps_per_epoch"]) == ("taxi", 40, 4, 10)
    [curve] = values["curves"]
    assert curve["points"][10] == [10, 0.01]
    assert not list(tmp_path.iterdir())
    assert main(["schedule", "--steps", "40", "--json", "--out", "b.png"]) == 0
    json.loads(capsys.readouterr().out)
    assert (tmp_path / "b.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "The number of steps must be known."),
        (["--rows", "4", "--steps", "4"], "Received: rows=4, steps=4."),
        (["--rows", "0"], "--rows"),
        (["--steps", "5"], "Received: steps=5 for 4 epochs."),
        (["--steps", "4", "--out", "x.jpg"], "Received: out=x.jpg."),
        (["--steps", "4", "--out", "nowhere/x.png"], "The folder of the picture must exist."),
        (["--rows", "4", "--set", "training.epochs=0"], "Received: epochs=0."),
        (["--rows", "4", "--set", "training.epoch=0"], "Did you mean 'epochs'?"),
        (["--steps", "8", "--set", COSINE], "Received: warmup_steps=10 of 8 training steps."),
        (["--steps", "8", "--set", "training.optimizer.learning_rate={kind: cosin}"], "Did you mean 'cosine'?"),
        (["texi", "--steps", "4"], "Did you mean 'taxi'?"),
    ],
)
def test_bad_input_is_an_error_of_one_line(arguments, message, capsys, tmp_path):
    assert main(["schedule", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert not list(tmp_path.iterdir())


def test_it_needs_no_tensorflow():
    code = (
        "import sys; from pipeline.cli import main; main(['schedule', '--steps', '40', '--home', 'home']);"
        "sys.exit(bool({'tensorflow', 'keras', 'tfx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
