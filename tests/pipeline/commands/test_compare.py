import json
import subprocess
import sys

import pytest

from pipeline.cli import main
from pipeline.home import Home
from pipeline.runner.events import append, event


@pytest.fixture
def home(tmp_path, recorder):
    """Two local runs of one seed and another, with their evaluations; the store is that of the home."""
    home = Home.open(tmp_path)
    for number, (seed, auc) in enumerate([("1", 0.9), ("2", 0.95)]):
        custom = json.dumps(
            {"training": {"seed": int(seed)}, "code": "f" * 64, "long": "x" * 100 + seed, "digest": seed * 64}
        )
        recorder.run(f"run-{number}", [("Trainer", "complete")], properties={"custom_config": custom})
        rows = [{"metric": "AUC", "slice": where, "value": auc} for where in ("", "[month]=1")]
        folder = home.run(f"run-{number}")
        folder.mkdir(parents=True)
        append(folder / "events.jsonl", event("evaluation", rows=rows, blessed=True))
        for epoch in (1, 2):
            trained = {"val_loss": auc / epoch, "loss": -1.0}
            append(folder / "events.jsonl", event("epoch", node="Trainer", epoch=epoch, epochs=2, metrics=trained))
            append(folder / "events.jsonl", event("epoch", node="Tuner", epoch=epoch, epochs=2, metrics={"loss": 7}))
    return str(home.root)


def test_runs_are_shown_side_by_side(home, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["compare", "run-0", "run-1", "--home", home]) == 0
    runs, different, measured, curve = capsys.readouterr().out.split("\n\n")
    assert [line.split()[:3] for line in runs.splitlines()[1:]] == [
        ["1", "run-0", "complete"],
        ["2", "run-1", "complete"],
    ]
    title, *rows = [line.split() for line in different.splitlines()]
    assert title == ["Parameters", "1", "2"]
    assert rows[0] == ["Trainer.custom_config.training.seed", "1", "2"]
    # Of what is too long to be read there is a digest, of a digest its beginning.
    assert [len(value) for value in rows[1][1:]] == [12, 12]
    assert rows[2] == ["Trainer.custom_config.digest", "1" * 12, "2" * 12]
    assert len(rows) == 3
    assert [line.split() for line in measured.splitlines()] == [["Metric", "1", "2"], ["AUC", "0.9000", "0.9500"]]
    assert curve.startswith("val_loss of each epoch\n")


def test_slices_are_shown_when_they_are_asked_for(home, capsys):
    assert main(["compare", "run-0", "run-1", "--home", home, "--slices"]) == 0
    assert "AUC, [month]=1  0.9000  0.9500" in capsys.readouterr().out


def test_json_has_whole_values(home, capsys):
    assert main(["compare", "run-1", "run-0", "--home", home, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [run["id"] for run in told["runs"]] == ["run-1", "run-0"]
    assert {one["key"]: one["values"] for one in told["differences"]} == {
        "Trainer.custom_config.training.seed": [2, 1],
        "Trainer.custom_config.long": ["x" * 100 + "2", "x" * 100 + "1"],
        "Trainer.custom_config.digest": ["2" * 64, "1" * 64],
    }
    assert told["curves"] == [
        {"metric": "val_loss", "values": [[0.95, 0.475], [0.9, 0.45]]},
        {"metric": "loss", "values": [[-1.0, -1.0], [-1.0, -1.0]]},
    ]
    assert told["metrics"] == [{"metric": "AUC", "slice": "", "values": [0.95, 0.9]}]


def test_a_curve_that_cannot_be_drawn_is_left_out(home, capsys):
    for name in ("loss", "nothing"):
        assert main(["compare", "run-0", "run-1", "--home", home, "--curve", name]) == 0
        assert "of each epoch" not in capsys.readouterr().out


def test_another_store_has_no_metrics(home, recorder, capsys):
    assert main(["compare", "run-0", "run-1", "--store", str(recorder.path)]) == 0
    assert "AUC" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run-0"], "Two or more runs, each another one, can be compared. Received: run-0."),
        (["run-0", "run-0"], "Two or more runs"),
        (["run-0", "run-7"], "run=run-7"),
    ],
)
def test_bad_input_is_an_error_of_one_line(home, capsys, arguments, words):
    assert main(["compare", *arguments, "--home", home]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert len(err.splitlines()) == 1


def test_it_needs_no_tensorflow():
    code = "import sys; import pipeline.commands.compare; print({'tensorflow', 'tfx', 'keras'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
