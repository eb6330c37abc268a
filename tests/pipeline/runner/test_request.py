import json

from pipeline.runner.request import RunOptions, RunRequest


def test_a_request_is_read_back_as_it_was_written(tmp_path):
    request = RunRequest(
        "r", "taxi", "/home", {"name": "taxi"}, ("a.b=1",), RunOptions(to_node="Trainer", no_cache=True)
    )
    request.write(tmp_path / "runs" / "r")
    assert RunRequest.read(tmp_path / "runs" / "r") == request
    assert sorted(file.name for file in (tmp_path / "runs" / "r").iterdir()) == [
        "config.json",
        "events.jsonl",
        "log.txt",
    ]


def test_the_file_says_what_was_asked(tmp_path):
    RunRequest("r", "taxi", "/home", {}).write(tmp_path)
    values = json.loads((tmp_path / "config.json").read_text())
    asked = {name for name, value in values["options"].items() if value}
    assert asked == {"runner"}, "by default a run has no other options"
