"""What a run would do is told as the run then does it, and nothing is touched."""

import json
from pathlib import Path

import pytest

from components import progress
from pipeline.runner import dry_run
from pipeline.runner.compiled import Compiled
from pipeline.runner.nodes import run_node
from pipeline.runner.state import fold


@pytest.fixture
def told(tmp_path, monkeypatch, build):
    """Returns states and reasons by node of what a run of the pipeline would do."""

    def told(text="hello", number=[0], **options):  # noqa: B006 (it counts)
        number[0] += 1
        events = tmp_path / f"events-{number[0]}"
        monkeypatch.setenv(progress.EVENTS_VARIABLE, str(events))
        pipeline = build(text, **options)
        pipeline.pipeline_info.pipeline_root = str(tmp_path / "scratch")
        store = dry_run.copied(pipeline.metadata_connection_config, tmp_path / f"copy-{number[0]}" / "metadata.db")
        dry_run.dry_run(Compiled.of(pipeline, f"dry-{number[0]}"), store)
        state = fold(json.loads(line) for line in events.read_text().splitlines())
        return {node.id: (node.state, list(node.reasons)) for node in state.nodes.values()}

    return told


@pytest.fixture
def ran(build, tmp_path):
    pipeline = build()
    compiled = Compiled.of(pipeline, "run-1")
    for node in compiled.nodes:
        run_node(compiled, node, pipeline.metadata_connection_config)
    return tmp_path


def snapshot(folder: Path):
    files = [folder / "metadata.db", *(path for path in folder.glob("root/**/*") if path.is_file())]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_before_the_first_run_all_would_run(told):
    assert told() == {
        "Write": ("would run", ["it has never ended well before"]),
        "Copy": ("would run", ["Write would run"]),
    }


def test_what_has_run_would_not_run_again(ran, told):
    assert told() == {"Write": ("cached", ["nothing has changed"]), "Copy": ("cached", ["nothing has changed"])}


def test_what_changed_is_named_with_both_values(ran, told):
    assert told("bye") == {
        "Write": ("would run", ["parameter text: hello -> bye"]),
        "Copy": ("would run", ["Write would run"]),
    }


def test_nothing_is_touched(ran, told):
    before = snapshot(ran)
    told("bye")
    told()
    assert snapshot(ran) == before


def test_a_damaged_output_would_be_made_again(ran, told):
    next(ran.glob("root/Copy/copied/*/value")).write_text("hallo")
    assert told()["Copy"][0] == "would run"
    # Only in the copy of the store the output is marked as gone.
    assert told()["Copy"][0] == "would run"


def test_without_a_cache_all_would_run(ran, told):
    assert {state for state, _ in told(enable_cache=False).values()} == {"would run"}
