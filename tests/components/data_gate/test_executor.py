"""DataGate passes clean data and warnings, and refuses what breaks the schema, with what to look at."""

import json
import time
from pathlib import Path

import pytest

from components.data_gate import offenders
from components.errors import DataRefused
from tests.components.data_gate.tiny import SCHEMA, Gate, rows


@pytest.fixture
def events(tmp_path, monkeypatch):
    path = tmp_path / "run" / "events.jsonl"
    path.parent.mkdir()
    monkeypatch.setenv("SLIPWAY_EVENTS", str(path))
    return lambda: [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def gate(tmp_path):
    return Gate(tmp_path / "pipeline")


def refused(gate: Gate, **splits) -> list[dict]:
    with pytest.raises(DataRefused):
        gate.run(**splits)
    assert gate.verdict()["passed"] is False
    return gate.verdict()["findings"]


def test_clean_data_pass_and_no_example_is_read(gate, monkeypatch):
    monkeypatch.setattr(offenders, "_examples", None)
    assert gate.run(train=rows(40), eval=rows(20)) == {"passed": True, "compared_with": None, "findings": []}


@pytest.mark.parametrize(
    ("changes", "rule", "seen", "allowed"),
    [
        ({"fare": -3.5}, "Out-of-range values", "-3.5", ">= 0"),
        ({"fare": 1e6}, "Out-of-range values", "1e+06", "<= 100"),
        ({"fare": None}, "Column dropped", "in 97.5% of examples", ">= 100.0%"),
        ({"fare": float("inf")}, "Invalid values", "infinity", "no infinity"),
        ({"hour": 99}, "Out-of-range values", "99", "<= 23"),
        ({"hour": [1, 2]}, "Superfluous values", "1 to 2 values", "1 values"),
        ({"kind": "bitcoin"}, "Unexpected string values", "'bitcoin' (2.5%)", "cash, card"),
        ({"kind": b"\xff"}, "Invalid UTF8 strings", "other bytes", "UTF-8"),
        ({"new": 1}, "New column", "in the data", "not in the schema"),
    ],
    ids=lambda value: None if isinstance(value, dict) else str(value).split(",")[0],
)
def test_what_was_seen_stands_beside_what_is_allowed(gate, changes, rule, seen, allowed):
    found = refused(gate, train=rows(40, **changes), eval=rows(20))
    [finding] = [row for row in found if (row["rule"], row["seen"]) == (rule, seen)]
    assert (finding["split"], finding["feature"], finding["allowed"]) == ("train", next(iter(changes)), allowed)
    [offender] = finding["examples"]
    assert (offender["record"], offender["file"]) == (0, "data.gz")
    assert offender["text"].startswith(f"{finding['feature']}=")


def test_a_value_of_another_type(gate):
    some = [{**row, "fare": "five"} for row in rows(10)]
    finding = refused(gate, train=some)[0]
    assert (finding["rule"], finding["seen"], finding["allowed"]) == ("Unexpected data type", "STRING", "FLOAT")
    assert [offender["record"] for offender in finding["examples"]] == [0, 1, 2]


def test_a_column_that_is_gone(gate):
    some = [{name: value for name, value in row.items() if name != "hour"} for row in rows(10)]
    [finding] = refused(gate, train=some)
    assert (finding["seen"], finding["allowed"]) == ("in 0.0% of examples", ">= 50.0%")
    assert finding["examples"][0]["text"].startswith("hour=(missing)  fare=5  kind=cash")


def test_bytes_cannot_break_a_terminal_and_long_values_are_cut(gate):
    found = refused(gate, train=rows(20, kind=b"\x1b[31m\x00\xe2\x80\xae" + b"x" * 5000))
    text = found[0]["examples"][0]["text"]
    assert text.startswith("kind=\\x1b[31m\\x00\\u202exxx")
    assert len(text) <= 160
    assert all(row["seen"].isprintable() and len(row["seen"]) < 100 for row in found)


def test_a_skewed_split_is_refused(gate):
    [finding] = refused(gate, train=rows(100, cash=0.8), eval=rows(100, cash=0.3))
    assert (finding["split"], finding["feature"]) == ("eval", "kind")
    assert finding["rule"] == "Skew from train: High Linfty distance between training and serving"
    assert (finding["seen"], finding["allowed"], finding["examples"]) == ("0.5", "<= 0.2", [])


def test_data_that_drifted_from_those_before_are_refused(gate, tmp_path):
    before = Gate(tmp_path / "before").statistics(train=rows(100), eval=rows(100))
    assert gate.run(before, train=rows(100, cash=0.6), eval=rows(100, cash=0.6))["compared_with"] == before.uri
    with pytest.raises(DataRefused, match="kind in split train: Drift"):
        gate.run(before, train=rows(100, cash=0.9), eval=rows(100, cash=0.9))
    found = {(row["split"], row["feature"]): (row["seen"], row["allowed"]) for row in gate.verdict()["findings"]}
    assert found == {("train", "kind"): ("0.4", "<= 0.2"), ("eval", "kind"): ("0.4", "<= 0.2")}


def test_a_feature_that_earlier_data_did_not_have_is_a_warning(gate, tmp_path, events):
    old = [{name: value for name, value in row.items() if name != "kind"} for row in rows(50)]
    before = Gate(tmp_path / "before").statistics(train=old)
    verdict = gate.run(before, train=rows(50))
    assert verdict["passed"] is True
    assert [(row["feature"], row["severity"]) for row in verdict["findings"]] == [("kind", "WARNING")]
    assert [event["event"] for event in events()] == ["warned"]


def test_earlier_statistics_whose_files_are_gone_are_not_compared(gate, tmp_path):
    before = Gate(tmp_path / "before").statistics(train=rows(50))
    for file in Path(before.uri).rglob("*.pb"):
        file.unlink()
    assert gate.run(before, train=rows(50, cash=1.0))["compared_with"] is None


def test_a_refusal_is_told_and_kept_in_the_runs_folder(gate, tmp_path, events):
    with pytest.raises(DataRefused) as caught:
        gate.run(train=rows(20), eval=rows(20, fare=-1.0, hour=77))
    assert caught.value.exit_code == 3
    assert "fare in split eval: Out-of-range values" in str(caught.value)
    assert "and 1 more" in str(caught.value)
    kept = tmp_path / "run" / "data_verdict.json"
    assert str(kept) in str(caught.value)
    [event] = events()
    assert event["event"] == "refused"
    assert event["rows"] == json.loads(kept.read_text())["findings"]


def test_an_empty_split_stops_the_run(gate, monkeypatch):
    empty = gate.statistics(train=rows(3), eval=rows(3))
    (Path(empty.uri) / "Split-eval" / "FeatureStats.pb").write_bytes(b"")
    monkeypatch.setattr(Gate, "statistics", lambda *_, **__: empty)
    with pytest.raises(DataRefused, match=r"\(all\) in split eval: Empty split"):
        gate.run(train=rows(3), eval=rows(3))


def test_clean_data_take_no_time(gate):
    gate.run(train=rows(40))
    start = time.monotonic()
    gate.run(train=rows(40), schema=SCHEMA)
    assert time.monotonic() - start < 2.0  # A hundredth of it here; the bound is for a busy machine.
