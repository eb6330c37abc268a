import json

from components import progress
from pipeline.runner.events import EventFile, append, event, read_events


def names(events):
    return [entry["event"] for entry in events]


def test_each_event_is_returned_once(tmp_path, monkeypatch):
    path = tmp_path / "events.jsonl"
    monkeypatch.setenv("SLIPWAY_EVENTS", str(path))
    events = EventFile(path)
    assert events.new() == []
    progress.emit("first", value=1)
    progress.emit("second")
    assert names(events.new()) == ["first", "second"]
    assert events.new() == []
    progress.emit("third")
    assert names(events.new()) == ["third"]


def test_a_line_without_its_end_waits(tmp_path):
    path = tmp_path / "events.jsonl"
    line = json.dumps({"event": "näme", "time": 1.0}, ensure_ascii=False).encode() + b"\n"
    events = EventFile(path)
    for cut in range(1, len(line)):
        path.write_bytes(line[:cut])
        assert events.new() == []
    path.write_bytes(line)
    assert names(events.new()) == ["näme"]


def test_lines_that_are_no_events_are_passed_over(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text('{"event": "a"}\n{"event": "b\n\n[1]\n{"time": 1}\n\x00\x00\n{"event": "c"}\n')
    assert names(read_events(path)) == ["a", "c"]


def test_an_appended_event_is_read_back(tmp_path):
    entry = event("launched", run_id="r")
    append(tmp_path / "events.jsonl", entry)
    assert read_events(tmp_path / "events.jsonl") == [entry]
    assert (entry["event"], entry["run_id"]) == ("launched", "r")
    assert entry["time"] > 1e9


def test_a_missing_file_has_no_events(tmp_path):
    assert read_events(tmp_path / "none.jsonl") == []
