"""Expected on 2015, 351 days: temperature off by 2.08 degrees (2.07 to 2.11 over three seeds), weather right on 69 %.

    python local_runner.py weather

Seattle's weather, 2012 to 2015: the next day's highest temperature, the range in which it lies on four of five days,
and the kind of weather, from the fourteen days before it. To beat: that tomorrow is like today is off by 2.25 degrees
and right on 67.8 %; what is usual on the date is off by 3.17; the most frequent weather is right on 51.0 %. Linear
models of the last day are close: ridge regression is off by 2.11, logistic regression right on 68.7 %. What the source
calls weather changes between the years: 1.4 % of the days of 2015 are "rain", 22.7 % of those before.
"""

from components.evaluator.config import EvaluationConfig, OutputEvaluation, Threshold
from components.trainer.config import CallbacksConfig, ModelConfig, OptimizerConfig, OutputConfig, TrainingConfig
from pipeline.config import DataConfig, SchemaConfig, TaskConfig, TransformConfig

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
            build="pipeline.tasks.weather.model.build_model", params={"units": 16, "kernel_size": 3, "dropout": 0.3}
        ),
        outputs={
            "temperature": OutputConfig(label=TEMPERATURE, loss="mean_absolute_error", metrics=("MeanAbsoluteError",)),
            "temperature_range": OutputConfig(
                label=TEMPERATURE, loss="quantile", loss_params={"quantiles": [0.1, 0.9]}
            ),
            "weather": OutputConfig(label=KIND, loss="sparse_categorical_crossentropy", metrics=("Accuracy",)),
        },
        optimizer=OptimizerConfig(name="adam", learning_rate=0.003),
        l2=0.001,
        batch_size=32,
        epochs=60,
        callbacks=CallbacksConfig(early_stopping_patience=10, plateau_patience=None),
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
                thresholds={"SparseCategoricalAccuracy": Threshold(lower=0.67)},
            ),
        },
        slices=(("season",),),
    ),
    requires=("vega-datasets==0.9.0",),
)
