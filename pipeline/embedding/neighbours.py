"""The examples of a split that are nearest to one, by the cosine of their vectors."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.errors import DataRefused, UsageError
from components.settings import from_dict
from components.trainer.describe import describe
from components.trainer.export import TransformGraph
from pipeline import class_names, raw_input
from pipeline.config import TaskConfig
from pipeline.embedding import originals, vectors
from pipeline.embedding.question import NeighboursQuestion
from pipeline.embedding.sheet import Tile, write_sheet
from pipeline.embedding.vectors import Vectors
from pipeline.home import Home
from pipeline.raw_tensors import reason, tensor

_ROW = re.compile(r"#(\d+)")


def neighbours(values: dict[str, Any]) -> dict[str, Any]:
    """Answers a `NeighboursQuestion`.

    Returns:
        `{"query": row or text, "split": ..., "rows": rows of the split, "neighbours": [{"row", "distance", "label",
        "class", "example"}, ...], "picture": path or None}`, the nearest first.

    Raises:
        UsageError: The query is no row of the split and nothing that the task takes, or the task embeds nothing.
        DataRefused: The file of the query is broken.
    """
    question = from_dict(NeighboursQuestion, values)
    task, home = from_dict(TaskConfig, question.config), Home.existing(question.home)
    with vectors.of_split(task, home, question.split) as found:
        row = _row(question.query, len(found.values))
        query = found.values[row] if row is not None else _embedded(task, found, question)
    distances = 1 - found.values @ query
    rows = [int(place) for place in np.argsort(distances, kind="stable") if place != row][: question.k]
    examples = originals.find(task, found, question.split, [*rows, *([] if row is None else [row])])
    schema = originals.raw_schema(Path(found.transformed.graph))
    answers = [_neighbour(task, home, found, place, float(distances[place])) for place in rows]
    for answer in answers:
        example = examples.get(answer["row"])
        answer["example"] = originals.shown(example, schema, task.training.labels) if example else None
    return {
        "query": question.query,
        "split": question.split,
        "rows": len(found.values),
        "neighbours": answers,
        "picture": _sheet(task, home, question, row, answers, examples, schema),
    }


def _neighbour(task: TaskConfig, home: Home, found: Vectors, row: int, distance: float) -> dict[str, Any]:
    names = class_names.read(task.data.path or home.data(task.name))
    label = None if found.labels is None else int(found.labels[row])
    name = names[label] if label is not None and 0 <= label < len(names) else None
    return {"row": row, "distance": round(max(0.0, distance), 6), "label": label, "class": name}


def _row(query: str, rows: int) -> int | None:
    match = _ROW.fullmatch(query)
    if match is None:
        return None
    if int(match[1]) >= rows:
        raise UsageError("The row must be one of the split.", received=query, fix=f"They go from #0 to #{rows - 1}.")
    return int(match[1])


def _embedded(task: TaskConfig, found: Vectors, question: NeighboursQuestion) -> np.ndarray:
    """Returns the vector of a raw input, as the exported model would compute it."""
    graph = TransformGraph(tft.TFTransformOutput(str(found.graph)), *task.training.labels)
    described = describe(originals.raw_schema(found.graph), task.training.labels)
    main = raw_input.main_of(described)
    raw_input.check_others(described.inputs, main, question.others)
    row = raw_input.row(described.inputs, {**question.others, main: question.query})
    client = {name: tensor(raw.tensor_spec, row[raw.argument]) for name, raw in graph.raw.items()}
    try:
        vector = graph.from_client(client)[task.embedding.output].numpy()[0]
    except tf.errors.OpError as error:
        received = f"{question.query} ({reason(error)})"
        raise DataRefused("The query must be readable.", received=received) from error
    return vectors.unit(vector)


def _sheet(
    task: TaskConfig,
    home: Home,
    question: NeighboursQuestion,
    row: int | None,
    answers: list[dict[str, Any]],
    examples: dict[int, tf.train.Example],
    schema: Any,
) -> str | None:
    """Writes the pictures side by side, the query first, where the examples are pictures."""
    image = next((feature.name for feature in schema.feature if feature.HasField("image_domain")), None)
    if image is None:
        return None
    if row is None:
        content = raw_input.read(question.query, "image")
        pixels = tf.io.decode_image(content, expand_animations=False).numpy()
    else:
        pixels = originals.image_of(examples[row], image)
    tiles = [Tile(pixels, "query")]
    for one in answers:
        if one["row"] in examples:
            name = one["class"] or (f"class {one['label']}" if one["label"] is not None else f"#{one['row']}")
            tiles.append(Tile(originals.image_of(examples[one["row"]], image), f"{name}\n{one['distance']:.3f}"))
    return str(write_sheet(home.reports / f"neighbours-{task.name}.png", tiles))
