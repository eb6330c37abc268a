"""EXPECTED

    python local_runner.py weather

Seattle's weather, 2012 to 2015: the next day's highest temperature, the range in which it lies on four of five days,
and the kind of weather, from the fourteen days before it.
"""

from components.trainer.config import CallbacksConfig, ModelConfig, OutputConfig, TrainingConfig
from pipeline.config import (
    DataConfig,
    EvaluationConfig,
    OutputEvaluation,
    SchemaConfig,
    TaskConfig,
    Threshold,
    TransformConfig,
)

TEMPERATURE, KIND = "next_temp_max", "next_weather"

TASK = TaskConfig(
    name="weather",
    summary="Time series: tomorrow's temperature with its range, and tomorrow's weather, in Seattle.",
    data=DataConfig(
        prepare="pipeline.tasks.weather.data.prepare",
        params={"csv_path": None, "eval_from": "2015-01-01", "shards": 1},
    ),
    schema=SchemaConfig(path="schemas/weather/schema.pbtxt"),
    transform=TransformConfig(preprocessing_fn="pipeline.tasks.weather.preprocessing.preprocessing_fn"),
    training=TrainingConfig(
        model=ModelConfig(
            build="pipeline.tasks.weather.model.build_model", params={"units": 32, "kernel_size": 3, "dropout": 0.2}
        ),
        outputs={
            "temperature": OutputConfig(label=TEMPERATURE, loss="mean_absolute_error", metrics=("MeanAbsoluteError",)),
            "temperature_range": OutputConfig(
                label=TEMPERATURE, loss="quantile", loss_params={"quantiles": [0.1, 0.9]}
            ),
            "weather": OutputConfig(
                label=KIND, loss="sparse_categorical_crossentropy", metrics=("SparseCategoricalAccuracy",)
            ),
        },
        batch_size=32,
        epochs=20,
        callbacks=CallbacksConfig(early_stopping_patience=5),
    ),
    evaluation=EvaluationConfig(
        outputs={
            "temperature": OutputEvaluation(
                label=TEMPERATURE,
                metrics=("MeanAbsoluteError", "ExampleCount"),
                thresholds={"MeanAbsoluteError": Threshold(upper=2.2, higher_is_better=False, min_improvement=-0.1)},
            ),
            "weather": OutputEvaluation(
                label=KIND,
                metrics=("SparseCategoricalAccuracy",),
                thresholds={"SparseCategoricalAccuracy": Threshold(lower=0.5)},
            ),
        },
        slices=(("season",),),
    ),
    requires=("vega-datasets==0.9.0",),
)
