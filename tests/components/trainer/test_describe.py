"""A model says what it takes, as the schema says it, and how its classes are called."""

from types import SimpleNamespace

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.trainer.executor import GenericExecutor
from tfx.dsl.components.base import base_executor
from tfx.types import standard_artifacts
from tfx.utils import json_utils

from components.model_description import InputDescription, ModelDescription
from components.settings import to_dict
from components.trainer.config import ModelConfig, TrainingConfig
from components.trainer.describe import describe
from components.trainer.executor import Executor

SCHEMA = """
feature { name: "the image" type: BYTES presence { min_fraction: 1 } shape {} image_domain {} }
feature { name: "wav" type: BYTES value_count { min: 0 max: 1 } annotation { tag: "audio" } }
feature { name: "caption" type: BYTES value_count { min: 0 max: 1 } }
feature { name: "source" type: BYTES value_count { min: 0 max: 1 } string_domain { value: "a" } }
feature { name: "samples" type: FLOAT value_count { min: 0 } }
feature { name: "rate" type: INT value_count { min: 0 max: 1 } int_domain { min: 1 } }
feature { name: "label" type: INT presence { min_fraction: 1 } shape {} }
feature { name: "kit" type: BYTES presence { min_fraction: 1 } shape {} not_in_environment: "SERVING" }
"""
EXPECTED = ModelDescription(
    {
        "the_image": InputDescription("image"),
        "wav": InputDescription("audio", optional=True, missing=""),
        "caption": InputDescription("text", optional=True, missing=""),
        "source": InputDescription(None, optional=True, missing=""),
        "samples": InputDescription(None, optional=True, missing=None, several=True),
        "rate": InputDescription(None, optional=True, missing=-1),
    },
    ("kick", "snare"),
)


def test_what_a_model_takes_is_what_the_schema_says():
    schema = text_format.Parse(SCHEMA, schema_pb2.Schema())
    assert describe(schema, ["label"], ["kick", "snare"]) == EXPECTED


@pytest.fixture
def executor():
    context = base_executor.BaseExecutor.Context(
        pipeline_info=SimpleNamespace(id="drums"), pipeline_run_id="drums-1", unique_id="7", tmp_dir="/pipelines/.temp"
    )
    return Executor(context)


def test_the_trainer_puts_it_into_the_model(executor, monkeypatch, tmp_path):
    model, schema = standard_artifacts.Model(), standard_artifacts.Schema()
    model.uri, schema.uri = str(tmp_path / "model"), str(tmp_path / "schema")
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "schema.pbtxt").write_text(SCHEMA)
    served = tmp_path / "model" / "Format-Serving"
    monkeypatch.setattr(GenericExecutor, "Do", lambda *_: served.mkdir(parents=True))
    training = TrainingConfig(ModelConfig("a.b"), label="label", loss="huber")
    custom_config = {"training": to_dict(training), "classes": ["kick", "snare"]}
    executor.Do({"schema": [schema]}, {"model": [model]}, {"custom_config": json_utils.dumps(custom_config)})
    assert ModelDescription.read(served) == EXPECTED
