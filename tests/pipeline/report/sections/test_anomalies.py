import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2

from pipeline.report.sections.anomalies import section
from tests.pipeline.report.sections.conftest import write_json
from tests.pipeline.report.test_page import HOSTILE

ANOMALIES = """
anomaly_info { key: "fare" value { severity: ERROR path { step: "fare" }
  reason { short_description: "Out-of-range values" description: "Unexpectedly large value: 9." } } }
"""
FINDING = {
    "split": "train",
    "feature": "fare",
    "rule": "Out-of-range values",
    "seen": "1000",
    "allowed": "<= 100",
    "detail": "Unexpectedly large value: 1000.",
    "severity": "ERROR",
    "kind": "FLOAT_TYPE_BIG_FLOAT",
    "examples": [{"record": 17, "file": "data.gz", "text": "fare=1000  kind=cash"}],
}


def _validated(folder, text=""):
    (folder / "Split-train").mkdir()
    message = text_format.Parse(text, anomalies_pb2.Anomalies())
    (folder / "Split-train" / "SchemaDiff.pb").write_bytes(message.SerializeToString())


def test_a_finding_is_told_with_its_rule_and_its_examples(runs, drawn):
    _validated(runs.made("ExampleAnomalies", node="Validator"), ANOMALIES)
    verdict = {"passed": False, "compared_with": "/stats/4", "findings": [{**FINDING, "severity": "WARNING"}, FINDING]}
    write_json(runs.made("slipway.DataVerdict", node="Gate") / "verdict.json", verdict)
    found = section(runs.material())
    assert [one.severity for one in found.facts.found] == ["ERROR", "WARNING"]
    text = drawn(found).text
    for told in ("refused", "/stats/4", "fare in train", "1000", "<= 100", "data.gz", "17", "fare=1000  kind=cash"):
        assert told in text


def test_a_refusal_is_read_from_the_folder_of_the_run(runs, drawn):
    _validated(runs.made("ExampleAnomalies"), ANOMALIES)
    folder = runs.home.run("run-0")
    folder.mkdir(parents=True)
    write_json(folder / "data_verdict.json", {"passed": False, "findings": [FINDING]})
    assert "data.gz" in drawn(section(runs.material())).text


def test_nothing_found_is_said_plainly(runs, drawn):
    _validated(runs.made("ExampleAnomalies", node="Validator"))
    write_json(runs.made("slipway.DataVerdict", node="Gate") / "verdict.json", {"passed": True, "findings": []})
    text = drawn(section(runs.material())).text
    assert "None: ExampleValidator has looked at train and found nothing against the schema." in text
    assert "no other data before" in text


def test_without_a_gate_the_validator_is_asked(runs, drawn):
    _validated(runs.made("ExampleAnomalies"), ANOMALIES)
    found = section(runs.material())
    [one] = found.facts.found
    assert (one.split, one.feature, one.rule, one.severity) == ("train", "fare", "Out-of-range values", "ERROR")
    assert "There is no verdict of DataGate" in drawn(found).text


@pytest.mark.parametrize("content", ["", "[]", '{"findings": 3}', '{"findings": [1, {"examples": [2]}]}'])
def test_another_file_does_not_break_the_page(runs, drawn, content):
    folder = runs.made("ExampleAnomalies", node="Validator") / "Split-train"
    folder.mkdir()
    (folder / "SchemaDiff.pb").write_bytes(b"\xff")
    (runs.made("slipway.DataVerdict", node="Gate") / "verdict.json").write_text(content)
    found = section(runs.material())
    assert "The anomalies of split train cannot be read." in drawn(found).text


def test_gone_anomalies_are_said_to_be(runs):
    runs.made("ExampleAnomalies").rmdir()
    [gone, _] = section(runs.material()).facts.missing
    assert "are gone" in gone


def test_a_run_that_looked_for_none_has_no_such_section(runs):
    runs.made("Model")
    assert section(runs.material()) is None


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_features_and_examples_are_no_markup(runs, drawn, text):
    finding = dict.fromkeys(FINDING, text) | {"examples": [{"record": 1, "file": text, "text": text}]}
    verdict = {"passed": False, "compared_with": text, "findings": [finding]}
    write_json(runs.made("slipway.DataVerdict") / "verdict.json", verdict)
    found = drawn(section(runs.material()))
    assert not {"script", "img"} & set(found.tags)
    assert not any(name.startswith("on") for name, _ in found.attributes)
