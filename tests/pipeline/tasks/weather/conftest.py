"""A made-up series, and what Transform and the model make of its windows, once for all tests of the task."""

import csv
import datetime as dt
import math
from pathlib import Path

import pytest

DAYS = 60
KINDS = ("sun", "fog", "rain", "drizzle", "snow")


def row(number: int, **values: str) -> dict[str, str]:
    """A day of the series as the CSV has it."""
    date = dt.date(2014, 12, 1) + dt.timedelta(days=number)
    temperature = 10 + 8 * math.sin(number / 5)
    return {
        "date": date.strftime("%Y/%m/%d"),
        "precipitation": f"{number % 7:.1f}",
        "temp_max": f"{temperature:.1f}",
        "temp_min": f"{temperature - 5:.1f}",
        "wind": f"{1 + number % 3:.1f}",
        "weather": KINDS[number % len(KINDS)],
        **values,
    }


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    """Writes a CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="session")
def windows(tmp_path_factory):
    """Every window: the features of a record."""
    from pipeline.tasks.weather import data

    path = write(tmp_path_factory.mktemp("weather") / "days.csv", [row(number) for number in range(DAYS)])
    return [features for _, features in data.windows(data.read(path), dt.date(2030, 1, 1))]


@pytest.fixture(scope="session")
def output(windows, tmp_path_factory):
    from pipeline.tf_example import example
    from tests.pipeline.tasks import analyzed

    records = [example(features) for features in windows]
    return analyzed.transform_output("weather", records, tmp_path_factory.mktemp("weather_transform"))


@pytest.fixture(scope="session")
def signatures(output, tmp_path_factory):
    import keras
    import tensorflow as tf

    from components.trainer import export
    from components.trainer.export import TransformGraph
    from pipeline.tasks.weather.model import build_model

    keras.utils.set_random_seed(1)
    folder = tmp_path_factory.mktemp("weather_model") / "Format-Serving"
    export.save(build_model(output), TransformGraph(output, "next_temp_max", "next_weather"), folder)
    return tf.saved_model.load(str(folder)).signatures
