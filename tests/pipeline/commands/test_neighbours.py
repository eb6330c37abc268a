"""`slipway neighbours` and `slipway similarity`: what goes to the worker, and what a person reads."""

import json

import pytest

from pipeline.cli import main
from pipeline.commands import neighbours, similarity
from pipeline.home import Home

NEIGHBOURS = {
    "query": "#3",
    "split": "eval",
    "rows": 2000,
    "neighbours": [
        {"row": 7, "distance": 0.0981, "label": 9, "class": "Ankle boot", "example": {"text": "a\n" + "b" * 90}},
        {"row": 8, "distance": 0.2, "label": 4, "class": None, "example": None},
    ],
    "picture": None,
}
BAG = {"id": 8, "class": "Bag", "rows": 1200, "within": 0.5, "between": 0.25, "nearest": "Coat"}
SIMILARITY = {
    "split": "eval",
    "rows": 1201,
    "classes": [
        {**BAG, "nearest_similarity": 0.3},
        {**BAG, "class": "Coat", "rows": 1, "within": None, "nearest": None, "nearest_similarity": None},
    ],
    "within": 0.5,
    "between": 0.25,
    "matrix": [[0.5, 0.25], [0.25, None]],
    "picture": "/reports/similarity-fashion.png",
}


@pytest.fixture
def asked(monkeypatch):
    """The questions, which get the answers above."""
    questions = []

    def answering(answer):
        def ask(module, question, waiting):
            questions.append((module, json.loads(json.dumps(question))))
            return answer

        return ask

    monkeypatch.setattr(neighbours, "ask", answering(NEIGHBOURS))
    monkeypatch.setattr(similarity, "ask", answering(SIMILARITY))
    return questions


@pytest.fixture
def home(tmp_path):
    return str(Home.open(tmp_path / "home").root)


def test_the_question_holds_all_that_was_typed(asked, home):
    options = ["--k", "2", "--split", "train", "--with", "a=b=c", "--set", "embedding.batch_size=3", "--home", home]
    assert main(["neighbours", "fashion", "#3", *options]) == 0
    [(module, question)] = asked
    assert module == "pipeline.embedding.neighbours_worker"
    found = (question["query"], question["k"], question["split"], question["others"], question["home"])
    assert found == ("#3", 2, "train", {"a": "b=c"}, home)
    assert question["config"]["embedding"]["batch_size"] == 3


def test_neighbours_are_a_table(asked, home, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["neighbours", "fashion", "#3", "--home", home]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Row", "Distance", "Label", "Example"]
    assert lines[1].split()[:5] == ["#7", "0.098", "Ankle", "boot", "text:"]
    assert lines[1].rstrip().endswith("b...")
    assert lines[2].split() == ["#8", "0.200", "4", "-"]
    assert "Among 2,000 rows of eval" in lines[-1]


def test_classes_are_a_table(asked, home, capsys):
    assert main(["similarity", "fashion", "--home", home]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["Bag", "1,200", "0.500", "0.250", "Coat", "0.300"]
    assert lines[2].split() == ["Coat", "1", "-", "0.250", "-", "-"]
    assert lines[-1] == "Picture  /reports/similarity-fashion.png"
    assert asked[0][1]["out"] == f"{home}/reports/similarity-fashion.png"


@pytest.mark.parametrize(("command", "answer"), [("neighbours", NEIGHBOURS), ("similarity", SIMILARITY)])
def test_json_is_the_answer(asked, home, capsys, command, answer):
    query = ["#3"] if command == "neighbours" else []
    assert main([command, "fashion", *query, "--home", home, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == answer


@pytest.mark.parametrize("arguments", [["--k", "0"], ["--set", "embedding.modul=x"], ["--with", "a"]])
def test_a_wrong_command_line_asks_nothing(asked, home, capsys, arguments):
    assert main(["neighbours", "fashion", "#3", "--home", home, *arguments]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert asked == []


def test_without_a_home_there_is_nothing_to_look_at(asked, tmp_path, capsys):
    assert main(["similarity", "fashion", "--home", str(tmp_path)]) == 2
    assert "must be a Slipway home" in capsys.readouterr().err
