"""What the benchmark of scale generates, and how it counts."""

import io
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from benchmarks import scale
from benchmarks.process_watch import Usage, usage_of
from benchmarks.scale import NodeCost
from pipeline.tfrecords import records


def _records(folder: Path) -> dict[str, Counter[bytes]]:
    return {
        split: Counter(record for file in folder.glob(f"{split}-*") for record in records(file))
        for split in ("train", "eval")
    }


def test_more_rows_are_the_same_trips_split_alike(tmp_path):
    rows = scale.generate(tmp_path / "x1", 1, rows=60)
    more = scale.generate(tmp_path / "x10", 10, rows=60)
    assert sum(rows.values()) == 60
    assert more == {split: 10 * count for split, count in rows.items()}
    trips, drawn = _records(tmp_path / "x1"), _records(tmp_path / "x10")
    assert {split: sum(found.values()) for split, found in drawn.items()} == more
    for split in trips:
        assert drawn[split].keys() <= trips[split].keys()
        # Of trips that are drawn ten times on average, one in 22,000 is never drawn.
        assert len(drawn[split]) >= len(trips[split]) - 1


def test_the_same_seed_draws_the_same(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        scale.generate(tmp_path / name, 2, seed=seed, rows=20)
    assert _records(tmp_path / "a") == _records(tmp_path / "b") != _records(tmp_path / "c")


def test_a_node_has_what_its_processes_took_while_it_ran():
    samples = {
        7: [Usage(9.0, 50.0, 900.0, 900.0)],
        8: [Usage(10.5, 1.0, 100.0, 40.0), Usage(11.5, 2.0, 300.0, 30.0), Usage(12.5, 9.0, 900.0, 900.0)],
        9: [Usage(11.0, 0.5, 50.0, 10.0)],
    }
    cost = scale.cost_of({"time": 12.0, "seconds": 2.0}, samples)
    assert cost == NodeCost(seconds=2.0, cpu_seconds=2.5, resident_mib=350.0, private_mib=50.0)


def test_what_a_row_costs_leaves_out_what_a_run_costs():
    cost = {size: {"Transform": NodeCost(0, 5 + 1e-4 * size * scale.ROWS, 0, 0)} for size in (1, 10, 100)}
    assert scale.marginal(cost, "Transform", 1, 10) == pytest.approx(100)
    said = io.StringIO()
    scale.report(cost, Console(file=said, width=200))
    assert "later rows / earlier rows: 1.00" in said.getvalue()


def test_memory_and_time_are_those_of_the_process():
    code = "held = bytearray(100 << 20)\nfor n in range(0, len(held), 4096): held[n] = 1\nprint(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        watched = psutil.Process(process.pid)
        usage = usage_of(watched)
        process.communicate(b"\n")
    assert 100 < usage.private_mib <= usage.resident_mib < 150
    assert 0 < usage.cpu_seconds < 30
    with pytest.raises(psutil.NoSuchProcess):
        usage_of(watched)
