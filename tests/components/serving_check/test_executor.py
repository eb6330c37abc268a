"""The executor with real processes, on artifacts as TFX has them: what blesses, and what a bad model comes to."""

import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
import tensorflow as tf
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import json_utils

from components.serving_check import result
from components.serving_check.cases import DEFAULT, SINGLE
from components.serving_check.config import ServingCheckConfig
from components.serving_check.executor import Executor
from components.settings import to_dict
from tests.components.serving_check import fake_server, tiny

pytestmark = pytest.mark.slow


class Outcome(NamedTuple):
    blessing: standard_artifacts.InfraBlessing
    files: set[str]
    result: result.Result


@pytest.fixture
def run(tmp_path, reference, monkeypatch):
    """Runs the executor on a hand-made model: `run(save, timeout_s=5)`; `save` gets the folder of the export."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.defpath}")

    def run(save, **limits) -> Outcome:
        inputs = {
            "model": [_artifact(standard_artifacts.Model, tmp_path / "model")],
            "schema": [_artifact(standard_artifacts.Schema, tmp_path / "schema")],
            "examples": [_artifact(standard_artifacts.Examples, tmp_path / "examples")],
        }
        save(tmp_path / "model" / "Format-Serving")
        reference.write(tmp_path / "model")
        (tmp_path / "schema" / "schema.pbtxt").write_text(tiny.SCHEMA)
        inputs["examples"][0].split_names = artifact_utils.encode_split_names(["eval"])
        split = tmp_path / "examples" / "Split-eval"
        split.mkdir()
        with tf.io.TFRecordWriter(str(split / "data.gz"), "GZIP") as writer:
            for row in tiny.rows():
                writer.write(row)
        blessing = _artifact(standard_artifacts.InfraBlessing, tmp_path / "blessing")
        properties = {"config": json_utils.dumps(to_dict(ServingCheckConfig(**limits))), "labels": '["tipped"]'}
        Executor().Do(inputs, {"blessing": [blessing]}, properties)
        files = {path.name for path in (tmp_path / "blessing").iterdir()}
        return Outcome(blessing, files, result.read(blessing.uri))

    return run


def _artifact(kind, folder: Path):
    folder.mkdir()
    artifact = kind()
    artifact.uri = str(folder)
    return artifact


@pytest.fixture
def tiny_model(tmp_path):
    """Makes what saves a model with changes."""
    return lambda **changes: tiny.Model(tmp_path, **changes).save


@pytest.fixture
def server(tmp_path):
    """Puts a `tensorflow_model_server` on PATH; gives what it runs, to be rewritten."""
    script = tmp_path / "bin" / "tensorflow_model_server"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {fake_server.__file__} "$@"\n')
    script.chmod(0o755)
    return script


def test_a_good_model_is_blessed_as_tfx_blesses(run, tiny_model):
    outcome = run(tiny_model())
    assert outcome.result.passed, outcome.result.reason
    assert outcome.files == {"INFRA_BLESSED", "check.json"}
    assert outcome.blessing.get_int_custom_property("blessed") == 1
    not_run = {row.seen for row in outcome.result.rows if row.passed is None}
    assert not_run == {"not run: no tensorflow_model_server on PATH"}


def test_a_model_whose_vocabulary_is_not_exported_is_refused(run, tiny_model):
    def save(folder):
        tiny_model()(folder)
        [vocabulary] = (folder / "assets").iterdir()
        vocabulary.unlink()

    outcome = run(save)
    assert outcome.files == {"INFRA_NOT_BLESSED", "check.json"}
    assert outcome.blessing.get_int_custom_property("blessed") == 0
    assert outcome.blessing.get_string_custom_property("reason") == outcome.result.reason
    assert outcome.result.reason.startswith("loads: ")
    assert "companies" in outcome.result.reason


def test_a_model_that_crashes_its_process_is_refused_and_no_failed_component(run, tiny_model):
    def crash(fare, company, miles):
        with tf.control_dependencies([tf.raw_ops.Abort(error_msg="as a broken kernel does")]):
            return tf.identity(fare)

    outcome = run(tiny_model(look=crash))
    [failed] = [row for row in outcome.result.failed if row.rule == "survives"]
    assert (failed.signature, failed.case) == (DEFAULT, SINGLE)
    assert "SIGABRT" in failed.seen


def test_a_model_that_hangs_is_refused_after_its_time(run, tiny_model):
    def hang(fare, company, miles):
        [zero] = tf.while_loop(lambda x: x < 1.0, lambda x: x * 0.5, [tf.reduce_sum(fare) * 0.0])
        return fare + zero

    start = time.monotonic()
    outcome = run(tiny_model(look=hang), timeout_s=15.0)
    assert time.monotonic() - start < 60
    [failed] = [row for row in outcome.result.failed if row.rule == "survives"]
    assert failed.seen.startswith("no end after 15 s")
    assert failed.case == SINGLE


def test_a_server_on_path_is_asked_over_rest_and_grpc(run, tiny_model, server):
    outcome = run(tiny_model())
    assert outcome.result.passed, outcome.result.reason
    for way in ("REST", "gRPC"):
        rows = [row for row in outcome.result.rows if row.rule == f"equals the Trainer's over {way}"]
        # Three signatures, one row and a batch.
        assert len(rows) == 6
        assert {row.seen for row in rows} == {"equal in 1 rows", "equal in 5 rows"}


def test_a_server_that_does_not_start_refuses(run, tiny_model, server):
    server.write_text("#!/bin/sh\necho Illegal instruction\nexit 132\n")
    outcome = run(tiny_model())
    assert "tensorflow_model_server loads it: it ended with code 132: Illegal instruction" in outcome.result.reason
