"""Computes a training step that was not finite once more, from the folder in which the training has kept it.

    python -m components.trainer.replay FOLDER [--transform-output DIR]

Prints the first value that is not finite; the exit code is 0 if it is the one that the training has found.
"""

import sys
from pathlib import Path

import click
import keras
import tensorflow as tf
import tensorflow_transform as tft

from components.errors import SlipwayError
from components.trainer import bad_step, fit, nonfinite, recipe
from components.trainer.bad_step import BadStep
from components.trainer.input_pipeline import Split
from components.trainer.model_inputs import build_model
from components.trainer.nonfinite import NonFinite
from components.trainer.plan import Plan


class _Kept(Split):
    """A split of nothing but the batch that was kept."""

    def __init__(self, batches: tf.data.Dataset, rows: int) -> None:
        self._batches, self.rows = batches, rows

    def training(self, batch_size: int, seed: int, first_step: int = 0) -> tf.data.Dataset:
        return self._batches.repeat()

    def evaluation(self, batches: int) -> tf.data.Dataset:
        return self._batches.repeat()


def replay(folder: Path, transform_output: Path | None = None) -> tuple[BadStep, NonFinite | None]:
    """Builds the model of the training anew, with the weights from before the step, and computes the step.

    It takes the code of the task and Transform's output; classes weigh the same.

    Args:
        folder: The folder that the training has named.
        transform_output: Transform's output, if it has moved since.

    Returns:
        What the training has found, and what is found now.

    Raises:
        UsageError: The folder holds no step.
    """
    bad, batches, values = bad_step.load(folder)
    config = bad.training
    # Names of layers count up in a process.
    keras.utils.clear_session(free_memory=False)
    keras.config.set_dtype_policy("mixed_float16" if config.mixed_precision else "float32")
    tft_output = tft.TFTransformOutput(str(transform_output or bad.transform_output))
    model = build_model(config.model, tft_output)
    kept = _Kept(batches, len(bad.examples))
    fit.build(model, kept)
    if config.recipe:
        recipe.apply(model, config.recipe, bad.stage)
    fit.compile_model(model, config, Plan(epochs=1, steps_per_epoch=1, validation_steps=1, steps_per_execution=1))
    fit.prepare(model, kept, config)
    for variable, value in zip(model.variables, values, strict=True):
        variable.assign(value)
    return bad, nonfinite.find(model, batches, bad.loss_scale)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--transform-output", type=click.Path(path_type=Path), help="Transform's output, if it has moved.")
def main(folder: Path, transform_output: Path | None) -> None:
    """Computes a step that was not finite once more."""
    try:
        bad, found = replay(folder, transform_output)
    except SlipwayError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    click.echo(f"In training: {bad}")
    click.echo(f"Again: {found.value} in {found.where}" if found else "Again: everything is finite")
    sys.exit(0 if found == bad.found else 1)


if __name__ == "__main__":
    main()
