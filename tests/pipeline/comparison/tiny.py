"""A task that is only compared."""

from components.evaluator.config import EvaluationConfig
from components.trainer.config import CallbacksConfig, ModelConfig, TrainingConfig
from components.trainer.optimizer_config import OptimizerConfig
from components.trainer.recipe_config import feature_extraction
from pipeline.config import DataConfig, SchemaConfig, TaskConfig, TransformConfig

TINY = TaskConfig(
    name="tiny",
    summary="A task for tests.",
    data=DataConfig(),
    schema=SchemaConfig("schema.pbtxt"),
    transform=TransformConfig("a.b"),
    training=TrainingConfig(
        ModelConfig("a.b", params={"inputs": "both"}),
        label="label",
        loss="mse",
        optimizer=OptimizerConfig("rmsprop", learning_rate=0.5, rho=0.8, clip_norm=1.0, weight_decay=0.01),
        callbacks=CallbacksConfig(monitor="val_auc", mode="max"),
        seed=5,
    ),
    evaluation=EvaluationConfig(label="label", metrics=("AUC",)),
    variants={
        "plain": {},
        "head": {"training.recipe": feature_extraction("head", 0.1, epochs=3)},
        "half": {"training.model.params.inputs": "image", "training.batch_size": 8},
    },
)
