import pytest

from pipeline.report.sections import serving
from pipeline.runner.events import append, event


def test_what_was_measured_failed_or_was_not_run_comes_first(made_run):
    facts = serving.section(made_run.material()).facts
    rules = [row.rule for row in facts.measured]
    assert rules == ["load time", "p95 latency", "equals the Trainer's over REST", "rule"]
    assert [row.rule for row in facts.others] == ["input dtypes and shapes", "output dtypes"]
    assert (facts.passed, facts.reason) == (False, "case: rule: seen (allowed: allowed)")


@pytest.mark.parametrize("content", [None, "{", "{}", '{"checks": [{"new": 1}]}'])
def test_without_a_readable_file_the_events_tell_the_checks(made_run, content):
    file = made_run.home.root / "pipelines" / "ServingCheck" / "check.json"
    file.unlink() if content is None else file.write_text(content)
    assert "There is no check.json" in serving.section(made_run.material()).facts.missing
    row = {"signature": "", "case": "", "rule": "memory", "seen": "5", "allowed": "6", "passed": True}
    append(made_run.home.run("run-1") / "events.jsonl", event("serving_check", rows=[row]))
    facts = serving.section(made_run.material()).facts
    assert [row.rule for row in facts.measured] == ["memory"]
    assert facts.passed
