"""slipway schedule: the learning rate of a training, drawn before it is run."""

import dataclasses
import json
import string
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from components.errors import UsageError
from components.trainer import consistency
from components.trainer.schedule_config import Schedule
from pipeline import tasks, training_length
from pipeline.chart import COLOURS, Chart, Line
from pipeline.commands import options
from pipeline.commands.table import print_table
from pipeline.config import TaskConfig, override
from pipeline.home import Home
from pipeline.learning_rates import RateCurve, learning_rates, needs_logarithm
from pipeline.runner.next_steps import shown
from pipeline.terminal import console
from pipeline.training_length import Length


@click.command("schedule")
@click.argument("task", default="taxi")
@options.home
@options.overrides
@click.option("--rows", type=click.IntRange(min=1), metavar="N", help="Draw it for N rows in the training split.")
@click.option("--steps", type=click.IntRange(min=1), metavar="N", help="Draw it for N optimizer steps in all.")
@click.option(
    "--out", metavar="FILE.png", type=click.Path(path_type=Path), help="Picture.  [default: in the home's reports/]"
)
@options.as_json
@options.debug
def command(
    task: str,
    home: str | None,
    overrides: tuple[str, ...],
    rows: int | None,
    steps: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Draw the learning rate of a task's training over its steps.

    A recipe has a curve for each stage and each rule that trains. How many steps there are follows from the data that
    the latest run has counted, or from --rows, --steps or training.steps_per_epoch.

    \b
    Examples:
      slipway schedule
      slipway schedule taxi --rows 10000
      slipway schedule --set 'training.optimizer.learning_rate={kind: cosine, learning_rate: 0.01}'
    """  # noqa: D301 (click wants the character)
    _check_picture(out)
    config = override(tasks.load(task), overrides)
    length = _length(config, Home.at(home), rows, steps)
    curves = learning_rates(config.training, length.steps)
    if as_json:
        if out is not None:
            _draw(out, config, length, curves)
        click.echo(json.dumps(_values(config, length, curves), indent=2))
    else:
        out = out or Home.open(home).reports / f"schedule-{task}.png"
        _draw(out, config, length, curves)
        _print(config, length, curves)
        click.echo(f"Picture  {shown(out)}")


def _check_picture(out: Path | None) -> None:
    if out is None:
        return
    if out.suffix != ".png":
        raise UsageError("The picture is a PNG.", received=f"out={out}", fix="Give a name that ends with .png.")
    if not out.absolute().parent.is_dir():
        raise UsageError("The folder of the picture must exist.", received=f"out={out}")


def _length(config: TaskConfig, home: Home, rows: int | None, steps: int | None) -> Length:
    consistency.check_numbers(config.training)
    if rows is not None and steps is not None:
        raise UsageError("Either rows or steps say how long it is.", received=f"rows={rows}, steps={steps}")
    if steps is not None:
        return training_length.from_steps(config, steps)
    if rows is not None:
        return training_length.from_rows(config, rows, rows, f"{rows:,} rows as asked for")
    return training_length.known(config, home)


def _draw(out: Path, config: TaskConfig, length: Length, curves: Sequence[RateCurve]) -> None:
    # matplotlib takes longer to import than all of the rest.
    from pipeline import learning_rate_plot

    learning_rate_plot.write(out, _title(config, length), curves, length.steps)


def _title(config: TaskConfig, length: Length) -> str:
    epochs = config.training.total_epochs
    return f"{config.name}: learning rate over {epochs * length.steps:,} steps, {epochs} epochs of {length.steps:,}"


def _values(config: TaskConfig, length: Length, curves: Sequence[RateCurve]) -> dict[str, object]:
    epochs = config.training.total_epochs
    return {
        "task": config.name,
        "steps": epochs * length.steps,
        "epochs": epochs,
        "steps_per_epoch": length.steps,
        "source": length.source,
        "curves": [dataclasses.asdict(curve) for curve in curves],
    }


def _print(config: TaskConfig, length: Length, curves: Sequence[RateCurve]) -> None:
    click.echo(_title(config, length))
    click.echo()
    rules = list(dict.fromkeys(curve.rule for curve in curves))
    letters = dict(zip(rules, string.ascii_letters, strict=False)) if len(rules) > 1 else {}
    console().print(_chart(curves, rules, letters, config.training.total_epochs * length.steps))
    click.echo()
    columns = {
        "": [letters.get(curve.rule, "") for curve in curves],
        "Stage": [str(curve.stage) for curve in curves],
        "Rule": [curve.rule for curve in curves],
        "Steps": [f"{curve.first_step:,} to {curve.first_step + curve.steps - 1:,}" for curve in curves],
        "First": [f"{curve.rates[0]:.3g}" for curve in curves],
        "Highest": [f"{max(curve.rates):.3g}" for curve in curves],
        "Last": [f"{curve.rates[-1]:.3g}" for curve in curves],
    }
    shown_columns = columns if config.training.recipe else {name: columns[name] for name in list(columns)[3:]}
    print_table(shown_columns, right=["Steps", "First", "Highest", "Last"])
    click.echo()
    click.echo(f"Length   {length.steps:,} steps an epoch: {length.source}")
    watched = config.training.callbacks
    if watched.plateau_patience is not None and not _has_schedule(config):
        click.echo(f"Plateau  {watched.monitor} may lower it, times {watched.plateau_factor:g}: only the run will tell")


def _chart(curves: Sequence[RateCurve], rules: Sequence[str], letters: Mapping[str, str], steps: int) -> Chart:
    lines = [
        Line(curve.points, COLOURS[rules.index(curve.rule) % len(COLOURS)], letters.get(curve.rule, ""))
        for curve in curves
    ]
    starts = sorted({curve.first_step for curve in curves if curve.first_step})
    return Chart(lines, steps, "step", marks=starts, logarithmic=needs_logarithm(curves))


def _has_schedule(config: TaskConfig) -> bool:
    rates = [rule.learning_rate for stage in config.training.recipe for rule in stage.rules]
    return any(isinstance(rate, Schedule) for rate in rates or [config.training.optimizer.learning_rate])
