import pytest

from pipeline.report.sections.schema_diff import Change, section
from tests.pipeline.report.test_page import HOSTILE

BEFORE = """
feature { name: "fare" type: FLOAT presence { min_fraction: 1.0 } }
feature { name: "a.b" type: INT int_domain { min: 0 max: 4 } }
feature { name: "old" type: BYTES }
string_domain { name: "kinds" value: "cash" value: "card" }
default_environment: "TRAINING"
"""
AFTER = """
feature { name: "fare" type: FLOAT presence { min_fraction: 0.5 } }
feature { name: "a.b" type: INT int_domain { min: 0 max: 5 } }
feature { name: "new" type: INT }
string_domain { name: "kinds" value: "cash" value: "card" value: "coin" }
default_environment: "TRAINING"
default_environment: "SERVING"
"""


def _schema(runs, run, text):
    (runs.made("Schema", run=run) / "schema.pbtxt").write_text(text)


def test_what_is_added_removed_and_changed_is_told(runs, drawn):
    _schema(runs, "run-0", BEFORE)
    _schema(runs, "run-1", AFTER)
    found = section(runs.material("run-1"))
    assert (found.facts.against, found.facts.added, found.facts.removed) == ("run-0", ("new (INT)",), ("old (BYTES)",))
    assert found.facts.changed == (
        Change("fare", "presence.min_fraction", "1.0", "0.5"),
        Change("a.b", "int_domain.max", "4", "5"),
        Change("string_domain kinds", "value", "cash, card", "cash, card, coin"),
        Change("schema", "default_environment", "TRAINING", "TRAINING, SERVING"),
    )
    text = drawn(found).text
    assert "Against run run-0" in text
    assert "presence.min_fraction" in text


def test_an_equal_schema_is_said_to_be(runs, drawn):
    _schema(runs, "run-0", BEFORE)
    runs.made("Model", run="run-1")
    _schema(runs, "run-2", BEFORE)
    assert "The same as in run run-0." in drawn(section(runs.material("run-2"))).text


def test_a_first_run_has_nothing_to_compare_with(runs, drawn):
    _schema(runs, "run-0", BEFORE)
    assert "No earlier run" in drawn(section(runs.material())).text


@pytest.mark.parametrize("text", [None, "feature {", "\x00"])
def test_a_schema_that_cannot_be_read_is_told(runs, drawn, text):
    for run, of_run in (("run-0", text), ("run-1", BEFORE)):
        folder = runs.made("Schema", run=run)
        if of_run is not None:
            (folder / "schema.pbtxt").write_text(of_run)
    assert "cannot be read" in drawn(section(runs.material("run-0"))).text
    assert "The schema of run run-0" in drawn(section(runs.material("run-1"))).text


def test_a_run_without_a_schema_has_no_such_section(runs):
    runs.made("Model")
    assert section(runs.material()) is None


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_names_are_no_markup(runs, drawn, text):
    name = text.replace('"', '\\"').replace("'", "\\'")
    _schema(runs, "run-0", f'feature {{ name: "{name}" type: INT }} feature {{ name: "x" domain: "{name}" }}')
    _schema(runs, "run-1", 'feature { name: "x" domain: "y" }')
    found = section(runs.material("run-1"))
    assert found.facts.removed == (f"{text} (INT)",)
    assert not {"script", "img"} & set(drawn(found).tags)
