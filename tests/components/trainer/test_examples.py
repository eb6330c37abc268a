"""The examples in docstrings run and show what they say."""

import doctest
import importlib

import pytest

MODULES = [
    "class_weights",
    "layers.attention_pooling",
    "layers.dense",
    "layers.multi_head_attention",
    "layers.positional_encoding",
    "layers.residual_block",
    "layers.resnet",
    "losses",
    "losses.class_weighted",
    "losses.focal",
    "losses.huber",
    "losses.label_smoothing",
    "losses.quantile",
    "metrics",
    "metrics.balanced_accuracy",
    "metrics.calibration",
    "metrics.f1",
    "metrics.top_k",
    "optimizer_config",
    "optimizers",
    "recipe",
    "recipe_config",
    "schedule_config",
    "schedules",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(f"components.trainer.{name}")
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert result.attempted > 0
    assert result.failed == 0
