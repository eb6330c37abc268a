"""The taxi pipeline as a user runs it: cold, again, with other thresholds, with poisoned data."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from pipeline.cli import main
from pipeline.lineage import Store

ROOT = Path(__file__).resolve().parents[4]
pytestmark = pytest.mark.slow

RESOLVERS = {"BaselineResolver", "StatisticsResolver"}
SERVED_ALONE = """
import json, sys
import numpy as np
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
rows = json.loads(sys.argv[2])
signature = model.signatures["serving_default"]
kinds = {name: spec.dtype for name, spec in signature.structured_input_signature[1].items()}
inputs = {name: tf.constant([row[name] for row in rows], kind) for name, kind in kinds.items()}
print(json.dumps(signature(**inputs)["probability"].numpy().reshape(-1).tolist()))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("taxi") / "home"


@pytest.fixture(scope="module")
def cold(home, run_local):
    """The first run of all in a new home."""
    return run_local("taxi", "--home", home)


def _events(home: Path, kind: str) -> list[dict]:
    """Events of the latest run."""
    latest = max(path.parent for path in (home / "runs").glob("[0-9]*/events.jsonl"))
    events = [json.loads(line) for line in (latest / "events.jsonl").read_text().splitlines()]
    return [event for event in events if event["event"] == kind]


def _states(home: Path) -> dict[str, str]:
    return {event["node"]: event["state"] for event in _events(home, "node_finished")}


def _versions(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "serving" / "taxi").iterdir())


def test_a_cold_run_pushes_a_model(cold, home):
    assert cold.returncode == 0, cold.stderr
    assert len(_versions(home)) == 1
    assert set(_states(home).values()) == {"complete"}
    [event] = _events(home, "evaluation")
    assert event["blessed"]


def test_its_page_shows_all_of_it(cold, home, tmp_path, capsys):
    assert main(["report", "--all", "--home", str(home), "-o", str(tmp_path), "--json"]) == 0
    page, _ = json.loads(capsys.readouterr().out)
    assert page["bytes"] < 5_000_000
    found = re.findall(r'<section id="([a-z-]+)"', Path(page["path"]).read_text())
    assert {"dag", "model-card", "evaluation", "predictions", "training", "serving", "lineage"} < set(found)
    assert _events(home, "run_started")[0]["upstream"]["Pusher"] == ["Evaluator", "ServingCheck", "Trainer"]


def test_nothing_is_downloaded(cold, home):
    """Beam's default runner looks for Prism on GitHub and goes on without it where there is no network."""
    logs = list((home / "runs").glob("*/log.txt")) + list((home / "runs").glob("*/logs/*.txt"))
    assert {"log", "Transform", "Trainer"} <= {log.stem for log in logs}
    text = "".join(log.read_text().lower() for log in logs)
    assert "prism" not in text
    assert "downloading" not in text


def test_the_pushed_model_predicts_from_raw_features_in_another_process_from_another_folder(cold, home, tmp_path):
    [version] = _versions(home)
    moved = shutil.copytree(home / "serving" / "taxi" / version, tmp_path / "moved")
    rows = _raw_rows(home, count=50)
    done = subprocess.run(
        [sys.executable, "-I", "-c", SERVED_ALONE, str(moved), json.dumps(rows)],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    served = np.array(json.loads(done.stdout))
    assert served.shape == (50,)
    assert np.all((served > 0) & (served < 1))
    assert np.std(served) > 0.01


def _raw_rows(home: Path, count: int) -> list[dict]:
    """Rows as a client has them: a missing text is empty, a missing float NaN, a missing whole number -1."""
    [version] = _versions(home)
    model = tf.saved_model.load(str(home / "serving" / "taxi" / version))
    specs = model.signatures["serving_default"].structured_input_signature[1]
    missing = {tf.string: "", tf.float32: float("nan"), tf.int64: -1}
    files = sorted(str(path) for path in (home / "data" / "taxi").glob("eval-*"))
    rows = []
    for record in tf.data.TFRecordDataset(files, "GZIP").take(count):
        features = tf.train.Example.FromString(record.numpy()).features.feature
        rows.append({name: _value(features.get(name), missing[spec.dtype]) for name, spec in specs.items()})
    return rows


def _value(feature, missing):
    kind = feature.WhichOneof("kind") if feature is not None else None
    values = getattr(feature, kind).value if kind else []
    if not values:
        return missing
    return values[0].decode() if isinstance(values[0], bytes) else values[0]


def test_an_unchanged_run_has_nothing_to_do(cold, home, run_local):
    again = run_local("taxi", "--home", home)
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("Up to date: version ")
    assert len(list((home / "runs").glob("[0-9]*"))) == 1


def test_asked_to_explain_it_takes_everything_from_the_cache_but_the_comparison_with_the_new_baseline(
    cold, home, run_local
):
    again = run_local("taxi", "--home", home, "--explain")
    assert again.returncode == 0, again.stderr
    ran = {node for node, state in _states(home).items() if state == "complete"}
    assert ran <= {*RESOLVERS, "Evaluator", "Pusher"}
    assert "Evaluator" in ran
    reasons = {event["node"]: event["reasons"] for event in _events(home, "explained")}
    [reason] = [reason for reason in reasons["Evaluator"] if "baseline_model" in reason]
    assert reason.startswith("input baseline_model: nothing -> [")
    assert reasons["Trainer"] == ["nothing has changed"]
    third = run_local("taxi", "--home", home, "--explain")
    assert third.returncode == 0, third.stderr
    assert {node for node, state in _states(home).items() if state == "complete"} <= RESOLVERS
    assert _events(home, "run_finished")[0]["outcome"] == "up_to_date"


def test_another_threshold_runs_the_evaluator_and_what_follows(cold, home, run_local):
    done = run_local("taxi", "--home", home, "--set", "evaluation.thresholds.AUC.lower=0.55")
    assert done.returncode == 0, done.stderr
    states = _states(home)
    assert states["Evaluator"] == "complete"
    assert {states[node] for node in ("ImportExampleGen", "StatisticsGen", "Transform", "Trainer")} == {"cached"}


def test_poisoned_data_stop_at_the_gate(cold, home, run_local, tmp_path):
    before = _versions(home)
    done = run_local("taxi", "--home", home, "--set", f"data.path={_poisoned(home, tmp_path)}")
    assert done.returncode == 3
    assert "payment_type" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert _versions(home) == before
    states = _states(home)
    assert states["DataGate"] == "failed"
    assert {states[node] for node in ("Trainer", "Evaluator", "Pusher")} == {"skipped"}
    assert states["Transform"] in ("complete", "interrupted")


def _poisoned(home: Path, tmp_path: Path) -> Path:
    """A copy of the data in which every tenth trip was paid in a way that does not exist."""
    folder = tmp_path / "poisoned"
    folder.mkdir()
    for path in (home / "data" / "taxi").glob("*.tfrecord.gz"):
        with tf.io.TFRecordWriter(str(folder / path.name), "GZIP") as writer:
            for number, record in enumerate(tf.data.TFRecordDataset(str(path), "GZIP")):
                example = tf.train.Example.FromString(record.numpy())
                if number % 10 == 0:
                    example.features.feature["payment_type"].bytes_list.value[:] = [b"Seashells"]
                writer.write(example.SerializeToString())
    return folder


def test_a_threshold_out_of_reach_pushes_nothing(cold, home, run_local):
    before = _versions(home)
    done = run_local("taxi", "--home", home, "--set", "evaluation.thresholds.AUC.lower=0.9999")
    assert done.returncode == 4
    assert "AUC=" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert _versions(home) == before


def test_three_seeds_reach_the_auc_of_one_plain_keras_script(cold, home, run_local):
    """Same rows, features, layers and steps, so equal but for the seeds: the mean may be lower by their spread."""
    seeds = (1, 2, 3)
    ours = [_auc(run_local, home, seed) for seed in seeds]
    plain = [_plain_auc(seed) for seed in seeds]
    spread = max(plain) - min(plain)
    assert spread < 0.01
    assert np.mean(ours) >= np.mean(plain) - spread
    assert max(ours) - min(ours) < 0.01


def _auc(run_local, home: Path, seed: int) -> float:
    done = run_local("taxi", "--home", home, "--set", f"training.seed={seed}")
    assert done.returncode == 0, done.stderr
    [event] = _events(home, "evaluation")
    return next(row["value"] for row in event["rows"] if row["metric"] == "AUC" and not row["slice"])


def _plain_auc(seed: int) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.plain_keras", str(seed)], capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1])


def test_the_same_seed_gives_the_same_metrics(cold, home, run_local):
    before = _auc(run_local, home, seed=1)
    done = run_local("taxi", "--home", home, "--from", "Trainer", "--no-cache")
    assert done.returncode == 0, done.stderr
    assert _states(home)["Trainer"] == "complete"
    [event] = _events(home, "evaluation")
    after = next(row["value"] for row in event["rows"] if row["metric"] == "AUC" and not row["slice"])
    assert after == before


def test_features_that_are_missing_or_of_another_type_are_each_named(cold, home, run_local, tmp_path):
    done = run_local("taxi", "--home", home, "--set", f"data.path={_of_another_shape(home, tmp_path)}")
    assert done.returncode == 3
    [event] = _events(home, "refused")
    found = {row["feature"] for row in event["rows"]}
    assert found >= {"fare", "trip_miles", "big_tip"}


def _of_another_shape(home: Path, tmp_path: Path) -> Path:
    """A copy of the data without fares and labels, and with miles in words."""
    folder = tmp_path / "shape"
    folder.mkdir()
    for path in (home / "data" / "taxi").glob("*.tfrecord.gz"):
        with tf.io.TFRecordWriter(str(folder / path.name), "GZIP") as writer:
            for record in tf.data.TFRecordDataset(str(path), "GZIP"):
                example = tf.train.Example.FromString(record.numpy())
                for name in ("fare", "big_tip", "trip_miles"):
                    del example.features.feature[name]
                example.features.feature["trip_miles"].bytes_list.value.append(b"three")
                writer.write(example.SerializeToString())
    return folder


def test_a_folder_without_named_splits_runs_too(cold, home, run_local, tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    for path in (home / "data" / "taxi").glob("*.tfrecord.gz"):
        shutil.copy(path, folder / f"part-{path.name}")
    done = run_local("taxi", "--home", tmp_path / "home", "--set", f"data.path={folder}", "--to", "StatisticsGen")
    assert done.returncode == 0, done.stderr
    statistics = tmp_path / "home" / "pipelines" / "taxi" / "StatisticsGen" / "statistics"
    assert {path.name for path in statistics.glob("*/*")} == {"Split-train", "Split-eval"}


def test_an_interrupted_run_is_canceled_and_goes_on(cold, home, run_local):
    """Stopped in the Trainer: what has ended before is not run again, whatever the options of the run were."""
    command = [sys.executable, str(ROOT / "local_runner.py"), "taxi", "--home", str(home), "--no-cache"]
    more = ["--set", "training.seed=11", "--set", "training.epochs=40"]
    run = subprocess.Popen([*command, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in run.stdout:
        if "epoch 1/" in line:
            break
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert _states(home)["Trainer"] == "interrupted"
    with Store.open(home / "metadata.db") as store:
        found = store.executions(limit=100)
    assert "running" not in {execution.state for execution in found}
    assert "canceled" in {execution.state for execution in found}
    done = run_local("taxi", "--home", home, "--resume")
    assert done.returncode == 0, done.stderr
    states = _states(home)
    assert {states[node] for node in ("ImportExampleGen", "StatisticsGen", "Transform")} == {"cached"}
    assert states["Trainer"] == "complete"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MiB, which fills up at Transform; only root can mount one."""
    if os.geteuid():
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("this machine mounts nothing")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_one_line_and_leaves_nothing_half_pushed(small_disk, run_local):
    done = run_local("taxi", "--home", small_disk / "home")
    assert done.returncode == 1, done.stdout
    assert len(done.stderr.strip().splitlines()) == 1
    assert "disk" in done.stderr
    serving = small_disk / "home" / "serving" / "taxi"
    assert not serving.exists() or not list(serving.iterdir())
