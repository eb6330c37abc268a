"""Overrides are typed and strict, and say what was meant."""

import pytest

from components.errors import UsageError
from components.evaluator.config import EvaluationConfig, Threshold
from components.settings import from_dict, to_dict
from components.trainer.config import MetricConfig, ModelConfig, OutputConfig, TrainingConfig
from components.trainer.recipe_config import Rule, Stage
from pipeline.config import DataConfig, SchemaConfig, TaskConfig, TransformConfig, override


@pytest.fixture
def task() -> TaskConfig:
    return TaskConfig(
        name="demo",
        summary="A task for tests.",
        data=DataConfig(prepare="demo.data.prepare", params={"rows": None, "shards": 2}),
        schema=SchemaConfig("schemas/demo/schema.pbtxt"),
        transform=TransformConfig("demo.preprocessing.preprocessing_fn"),
        training=TrainingConfig(
            model=ModelConfig("demo.model.build_model", {"units": [8, 4], "rate": 0.1}),
            label="y",
            loss="binary_crossentropy",
        ),
        evaluation=EvaluationConfig(label="y", metrics=("AUC",), thresholds={"AUC": Threshold(lower=0.5)}),
    )


@pytest.mark.parametrize(
    ("assignment", "read"),
    [
        ("training.epochs=2", lambda task: task.training.epochs == 2),
        ("training.optimizer.learning_rate=1e-4", lambda task: task.training.optimizer.learning_rate == 1e-4),
        (
            "training.callbacks.early_stopping_patience=null",
            lambda t: t.training.callbacks.early_stopping_patience is None,
        ),
        ("training.callbacks.tensorboard=no", lambda task: task.training.callbacks.tensorboard is False),
        ("training.model.params.units=[16, 8]", lambda task: task.training.model.params["units"] == [16, 8]),
        ("training.metrics=[AUC, Precision]", lambda task: task.training.metrics == ("AUC", "Precision")),
        (
            "training.metrics=[AUC, {name: top_k_accuracy, params: {k: 2}}]",
            lambda task: task.training.metrics == ("AUC", MetricConfig("top_k_accuracy", {"k": 2})),
        ),
        (
            "training.recipe=[{epochs: 2, rules: [[head/.*, 0.001], [.*, null]]}, {rules: [[.*, 1e-4]]}]",
            lambda task: (
                task.training.recipe
                == (Stage((Rule("head/.*", 0.001), Rule(".*", None)), 2), Stage((Rule(".*", 1e-4),)))
            ),
        ),
        ("training.class_weights=true", lambda task: task.training.class_weights is True),
        ("training.class_weights={0: 1, 1: 5}", lambda task: task.training.class_weights == {0: 1.0, 1: 5.0}),
        ("training.loss_params={from_logits: true}", lambda t: t.training.loss_params == {"from_logits": True}),
        (
            "training.outputs={a: {label: y, loss: huber, loss_weight: 0.5}}",
            lambda task: task.training.outputs == {"a": OutputConfig("y", "huber", loss_weight=0.5)},
        ),
        ("evaluation.thresholds.AUC.lower=0.9", lambda task: task.evaluation.thresholds["AUC"] == Threshold(lower=0.9)),
        (
            "evaluation.slices=[[hour], [hour, day]]",
            lambda task: task.evaluation.slices == (("hour",), ("hour", "day")),
        ),
        ("data.path=2024", lambda task: task.data.path == "2024"),
        ("data.path=/a=b", lambda task: task.data.path == "/a=b"),
        ("data.params.rows=100", lambda task: task.data.params["rows"] == 100),
        ("data.splits.eval=test-*", lambda task: task.data.splits == {"train": "train-*", "eval": "test-*"}),
    ],
)
def test_an_override_replaces_one_value(task, assignment, read):
    changed = override(task, [assignment])
    assert read(changed)
    assert not read(task)
    assert from_dict(TaskConfig, to_dict(changed)) == changed


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        (
            "training.epoch=2",
            "An override must name a value that exists. Received: training.epoch. Did you mean 'epochs'?",
        ),
        ("trainning.epochs=2", "Did you mean 'training'?"),
        ("training.metrics=[{name: AUC, parms: {}}]", "Received: training.metrics.0.metric.parms."),
        ("training.recipe=[{rules: [[head/.*, fast]]}]", "must be a valid number"),
        ("training.recipe=[{rules: [[head/(, 0.1]]}]", "A rule must have a regular expression."),
        ("training.outputs.price.loss_weight=2", "Received: training.outputs.price.loss_weight."),
        ("training.epochs=two", "`training.epochs` must be a valid integer"),
        ("training.epochs=2.5", "`training.epochs` must be a valid integer"),
        ("training.strategy=mirrord", "`training.strategy` must be 'mirrored', 'default' or 'multi_worker'"),
        ("training.model.params.unit=[1]", "Did you mean 'units'?"),
        ("training.model.params.units=[a]", "must be a valid integer"),
        ("training.callbacks.tensorboard=maybe", "must be a valid boolean"),
        ("evaluation.thresholds.AUC.lowr=1", "Did you mean 'lower'?"),
        ("training=3", "An override sets one value, not a group."),
        ("data.path.folder=x", "Nothing is below `folder`."),
        ("epochs", "An override is written key=value. Received: epochs."),
        ("=3", "An override is written key=value."),
    ],
)
def test_a_wrong_override_is_refused_in_one_line(task, assignment, message):
    with pytest.raises(UsageError) as caught:
        override(task, [assignment])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_later_overrides_win(task):
    assert override(task, ["training.epochs=2", "training.epochs=3"]).training.epochs == 3


def test_from_dict_refuses_an_unknown_key_at_any_depth(task):
    values = to_dict(task)
    values["training"]["optimizer"]["learningrate"] = 1.0
    with pytest.raises(UsageError, match="Every key of the configuration must exist"):
        from_dict(TaskConfig, values)
