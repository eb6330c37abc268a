"""slipway kfp-local: a compiled pipeline, run on this machine."""

import json
import os
import signal
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from components.errors import ComponentFailed, DataRefused, NotBlessed, SlipwayError
from pipeline.commands import options
from pipeline.commands.run_table import Show, run_table
from pipeline.home import Home
from pipeline.kubeflow_code import import_code
from pipeline.kubeflow_order import require_sdk
from pipeline.runner.failure import Interrupted, interrupt
from pipeline.terminal import console


class _Progress:
    """What the table shows of a run, renewed by each step that begins or ends.

    Args:
        names: The steps that the file has.
        show: Shows it.
    """

    def __init__(self, names: list[str], show: Show) -> None:
        step = import_code("harness.step").Step
        self._steps = {name: step(name, "waiting") for name in names}
        self._show = show

    @property
    def steps(self) -> tuple[Any, ...]:
        """The steps; those that wait stand last."""
        return tuple(sorted(self._steps.values(), key=lambda step: step.state == "waiting"))

    def __call__(self, step: Any) -> None:
        self._steps[step.name] = replace(step, state=step.state.lower())
        self._show(self)


@click.command("kfp-local")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options.home
@click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", help="Set a runtime parameter.")
@click.option(
    "--endpoint",
    metavar="URL",
    help="An S3 server for the artifacts, in the bucket of the pipeline root.  [default: a folder of the home]",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Steps that run at the same time.  [default: the cores]"
)
@options.as_json
@options.debug
def command(
    file: Path, home: str | None, parameters: tuple[str, ...], endpoint: str | None, jobs: int | None, as_json: bool
) -> None:
    """Run a file of `slipway compile --target kfp` on this machine, a process for each step.

    Plays KFP's driver and launcher, with a folder of the home or an S3 server as the object store. Volumes are not
    mounted: name local folders for data_uri and push_destination. Started again with the same parameters, it takes what
    it can from its cache. The S3 server's credentials come from $AWS_ACCESS_KEY_ID and $AWS_SECRET_ACCESS_KEY.

    \b
    Examples:
      slipway kfp-local taxi.yaml --param data_uri=/tmp/taxi --param push_destination=/tmp/serving
      slipway kfp-local taxi.yaml --endpoint http://127.0.0.1:8333

    \b
    Exit codes:
      0    succeeded, and nothing was skipped
      1    a step failed
      3    DataGate refused the data
      4    the model was not blessed: its push was skipped
      130  interrupted
    """  # noqa: D301 (click wants the character)
    require_sdk()
    spec = import_code("compiled_file").read(file).spec
    run_code = import_code("harness.run")
    store = import_code("harness.s3_store").S3Store(endpoint, run_code.root_of(spec)) if endpoint else None
    code = import_code("spec")
    names = [name for name, task in code.tasks(spec) if code.executor_of(spec, task)]
    folder, jobs = Home.open(home).root / "kfp", jobs or len(os.sched_getaffinity(0))
    with run_table(console(), quiet=as_json) as show:
        run = run_code.Run(spec, folder, _Progress(names, show), store=store, jobs=jobs)
        state = _run(run, parameters)
    error = _error(run, state)
    _print(run, state, error, as_json)
    if error:
        raise error


def _run(run: Any, parameters: tuple[str, ...]) -> str:
    """Runs until the end, or until somebody asks to stop."""
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        return str(run.start(parameters))
    except KeyboardInterrupt:
        raise Interrupted("The run was interrupted.", received=f"run={run.id}", fix="Run again to go on.") from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _error(run: Any, state: str) -> SlipwayError | None:
    """Returns what the end of a run means: None if it has pushed, or there was nothing to push."""
    if state == "SUCCEEDED":
        skipped = [step.name for step in run.steps.values() if step.state == "SKIPPED"]
        if not skipped:
            return None
        received = f"{', '.join(skipped)} skipped in run {run.id}"
        return NotBlessed("The model must be blessed to be pushed.", received=received, fix="See the Evaluator's log.")
    failed = [step for step in run.steps.values() if step.state == "FAILED"]
    refused = next((step for step in failed if step.exit_code == DataRefused.exit_code), None)
    told = refused or next(iter(failed), None)
    kind = DataRefused if refused else ComponentFailed
    fix = f"Its log is in {run.folder / 'logs'}."
    if told is None:
        return kind("Every step must succeed.", received=f"run={run.id}", fix=fix)
    return kind("Every step must succeed.", received=f"{told.name}{_attempts(told)}: {_reason(told)}", fix=fix)


def _attempts(step: Any) -> str:
    return f" after {step.attempts} attempts" if step.attempts > 1 else ""


def _reason(step: Any) -> str:
    """Returns what a step that failed said last, and the signal if one has ended it."""
    signaled = step.exit_code is not None and step.exit_code < 0
    ended = f"ended by {signal.Signals(-step.exit_code).name}: " if signaled else ""
    return ended + (step.last_line or step.message or "").removeprefix("error: ").rstrip(".")


def _print(run: Any, state: str, error: SlipwayError | None, as_json: bool) -> None:
    logs = str(run.folder / "logs")
    if as_json:
        values = {"run": run.id, "state": state.lower(), "exit_code": error.exit_code if error else 0, "logs": logs}
        steps = [{**asdict(step), "state": step.state.lower()} for step in run.steps.values()]
        click.echo(json.dumps({**values, "steps": steps}, indent=2))
    else:
        again = [f"{step.name}{_attempts(step)}" for step in run.steps.values() if step.attempts > 1]
        if again:
            click.echo(f"Again {', '.join(again)}")
        click.echo(f"Run   {run.id} {state.lower()}\nLogs  {logs}")
