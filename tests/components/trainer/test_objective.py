import math

import numpy as np
import pytest

from components.errors import UsageError
from components.trainer import objective
from components.trainer.config import MetricConfig, ModelConfig, OutputConfig, TrainingConfig


def config(**changes) -> TrainingConfig:
    return TrainingConfig(**{"model": ModelConfig("model.build"), "label": "y", "loss": "huber", **changes})


def test_labels_are_smoothed_as_configured():
    # A 1 becomes 0.9, a 0 becomes 0.1.
    loss = objective.create_losses(config(loss="BinaryCrossentropy", label_smoothing=0.2))([[1.0]], [[0.7]])
    assert float(loss) == pytest.approx(-0.9 * math.log(0.7) - 0.1 * math.log(0.3), abs=1e-6)


def test_a_loss_gets_its_arguments():
    loss = objective.create_losses(config(loss="binary_crossentropy", loss_params={"from_logits": True}))
    assert float(loss([[1.0]], [[0.0]])) == pytest.approx(math.log(2), abs=1e-6)


def test_a_loss_weighs_classes():
    loss = objective.create_losses(config(loss="binary_crossentropy"), {"": (1.0, 3.0)})
    assert float(loss(np.array([[1.0]]), np.array([[0.5]]))) == pytest.approx(3 * math.log(2), abs=1e-6)


def test_metrics_get_their_arguments_and_names():
    metrics = ("AUC", MetricConfig("top_k_accuracy", {"k": 2}), MetricConfig("TopKAccuracy", {"k": 3, "name": "top_3"}))
    made = objective.create_metrics(config(metrics=metrics))
    assert [metric.name for metric in made] == ["auc", "top_k_accuracy", "top_3"]
    assert [metric.k for metric in made[1:]] == [2, 3]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss_params": {"detla": 1.0}}, "Received: detla. Did you mean 'delta'?"),
        ({"loss_params": {"reduction": "summ"}}, "The loss huber must take its arguments."),
    ],
)
def test_bad_arguments_of_a_loss_are_refused(changes, message):
    with pytest.raises(UsageError) as caught:
        objective.create_losses(config(**changes))
    assert message in str(caught.value)


def test_bad_arguments_of_a_metric_are_refused():
    with pytest.raises(UsageError, match="The metric AUC must take its arguments"):
        objective.create_metrics(config(metrics=(MetricConfig("AUC", {"num_thresholds": -1}),)))


def test_several_outputs_have_losses_and_metrics_by_name():
    outputs = {"a": OutputConfig("y", "huber", metrics=("R2Score",)), "b": OutputConfig("z", "poisson")}
    training = config(label="", loss="", outputs=outputs)
    assert {name: loss.name for name, loss in objective.create_losses(training).items()} == {
        "a": "huber",
        "b": "poisson",
    }
    assert objective.directions(training) == {"loss": "down", "a_loss": "down", "b_loss": "down", "a_r2_score": "up"}
