"""Files and texts go to the served model as a client would send them; names come from the model's description."""

import json

import pytest
from click.testing import CliRunner

from components.errors import DataRefused, UsageError
from components.model_description import ModelDescription
from pipeline.classification import classify as asking
from pipeline.classification import worker
from pipeline.cli import main
from pipeline.commands.classify import command


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """The worker's work without its process; what goes to it and comes from it is JSON."""

    def ask(module, question, waiting):
        assert module == worker.__name__
        return json.loads(json.dumps(worker.classify(json.loads(json.dumps(question)))))

    monkeypatch.setattr(asking, "ask", ask)


def classified(model, given, others=None, top=5):
    return asking.classify(model, ModelDescription.read(model), given, others or {}, top)


def test_the_likeliest_classes_come_first_by_name(model):
    one, three = classified(model, ["x", "xyz"], top=2)
    assert one["input"] == "x"
    assert [(found["id"], found["class"]) for found in one["classes"]] == [(0, "short"), (1, "middle")]
    assert three["classes"][0]["class"] == "long"
    assert one["classes"][0]["probability"] == pytest.approx(0.9933, abs=1e-4)
    assert sum(found["probability"] for found in classified(model, ["x"])[0]["classes"]) == pytest.approx(1)


def test_another_input_is_given_by_name_and_missing_otherwise(model):
    [found] = classified(model, ["x"], {"scale": "0"})
    assert {round(one["probability"], 6) for one in found["classes"]} == {round(1 / 3, 6)}


def test_a_probability_alone_makes_two_classes_and_names_of_others_are_not_used(yes_or_no):
    [found] = classified(yes_or_no, ["xyz"])
    assert [(one["id"], one["class"], round(one["probability"], 6)) for one in found["classes"]] == [
        (0, None, 0.7),
        (1, None, 0.3),
    ]


@pytest.mark.parametrize(
    ("given", "others", "error", "message"),
    [
        ("broken", {}, DataRefused, "able to read the input. Received: broken (.*No broken text"),
        ("x", {"scale": "big"}, UsageError, "`scale` must be a number. Received: scale=big"),
        ("x", {"size": "1"}, UsageError, "another input of the model. Received: size"),
    ],
)
def test_what_the_model_does_not_take_is_refused(model, given, others, error, message):
    with pytest.raises(error, match=message.replace("(", r"\(", 1)):
        classified(model, [given], others)


def test_outputs_that_are_no_probabilities_are_refused(yes_or_no):
    with pytest.raises(UsageError, match=r"add up to 1. Received: probability with the sum"):
        classified(yes_or_no, ["x"], {"scale": "-50"})


def test_a_model_that_does_not_load_is_refused(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"x")
    with pytest.raises(UsageError, match="able to load the model"):
        worker.classify({"model": str(tmp_path), "items": [], "rows": [], "top": 1})


def test_the_command_prints_a_table(model, capsys):
    assert main(["classify", str(model), "x", "xy", "--top", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["Input", "Class", "Probability"],
        ["x", "short", "0.993"],
        ["xy", "middle", "0.987"],
    ]


def test_a_long_text_is_shown_from_its_beginning(model, capsys):
    assert main(["classify", str(model), "a" * 39 + "bcd", "--top", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[0] == "a" * 37 + "..."


def test_lines_come_from_standard_input_and_json_goes_out(model):
    done = CliRunner().invoke(command, [str(model), "-", "xyz", "--json", "--top", "1"], input="x\n\nxy\n")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["model"] == str(model)
    assert [item["classes"][0]["class"] for item in found["items"]] == ["short", "middle", "long"]


def test_a_model_without_names_says_how_to_get_them(yes_or_no, capsys):
    assert main(["classify", str(yes_or_no), "xyz"]) == 0
    out = capsys.readouterr().out
    assert "classes.txt" in out
    assert out.splitlines()[1].split() == ["xyz", "0", "0.700"]


@pytest.mark.parametrize("arguments", [["--with", "scale", "x"], ["--top", "0", "x"], []])
def test_a_wrong_command_line_has_exit_code_2(model, arguments, capsys):
    assert main(["classify", str(model), *arguments]) == 2
    assert capsys.readouterr().err.startswith("error: ")
