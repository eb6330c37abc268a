"""Asks a served model for the classes of files or texts. No TensorFlow on this side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.model_description import ModelDescription
from pipeline import raw_input
from pipeline.runner.ask import ask

WORKER = "pipeline.classification.worker"


def classify(
    model: Path, description: ModelDescription, given: Sequence[str], others: Mapping[str, str], top: int
) -> list[dict[str, Any]]:
    """Returns the likeliest classes of each item, likeliest first.

    Args:
        model: Folder of the SavedModel.
        description: What it says about itself.
        given: Paths of image or sound files, or texts: whatever the model takes.
        others: Values of its other inputs by name, the same for each item.
        top: Classes of an item at most.

    Returns:
        For each item `{"input": ..., "classes": [{"id": ..., "class": name or None, "probability": ...}, ...]}`.

    Raises:
        UsageError: A file is missing or of another kind, an input is missing or unknown, or the model has no class
            probabilities.
        DataRefused: A file is broken.
    """
    main = raw_input.main_of(description)
    raw_input.check_others(description.inputs, main, others)
    rows = [raw_input.row(description.inputs, {**others, main: item}) for item in given]
    question = {"model": str(model.absolute()), "items": [*given], "rows": rows, "top": top}
    found = ask(WORKER, question, "Loading TensorFlow and the model ...")
    return [_named(item, description.classes) for item in found]


def _named(item: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    # As many names as classes, or they are those of something else.
    known = names if len(names) == item["of"] else ()
    classes = [{"id": one["id"], "class": known[one["id"]] if known else None, **one} for one in item["classes"]]
    return {"input": item["input"], "classes": classes}
