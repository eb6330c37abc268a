"""slipway submit: a compiled pipeline, sent to Kubeflow Pipelines."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from components.errors import UsageError
from pipeline.commands import options
from pipeline.commands.run_table import run_table
from pipeline.kubeflow_code import import_code
from pipeline.kubeflow_order import require_sdk
from pipeline.runner.failure import Interrupted
from pipeline.terminal import console


@click.command("submit")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--host", metavar="URL", envvar="SLIPWAY_KFP_HOST", help="KFP's API.  [default: $SLIPWAY_KFP_HOST]")
@click.option(
    "--namespace",
    metavar="NAME",
    envvar="SLIPWAY_KFP_NAMESPACE",
    help="Namespace, where KFP has several users.  [default: $SLIPWAY_KFP_NAMESPACE]",
)
@click.option(
    "--ca-file",
    metavar="FILE",
    envvar="SLIPWAY_KFP_CA_FILE",
    help="Certificates that the host is checked with.  [default: $SLIPWAY_KFP_CA_FILE]",
)
@click.option("--experiment", metavar="NAME", default="Default", show_default=True, help="Made if it is not there.")
@click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", help="Set a runtime parameter.")
@click.option("--wait", is_flag=True, help="Wait for the end of the run; its state decides on the exit code.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Wait no longer; the run goes on.")
@click.option("--recurring", metavar="CRON", help="Run it by a schedule, such as '0 30 2 * * *' (seconds first).")
@click.option(
    "--max-concurrency",
    type=click.IntRange(1, 10),
    default=1,
    show_default=True,
    help="Runs of the schedule at the same time.",
)
@click.option("--no-catchup", is_flag=True, help="Do not make up for runs that the schedule has missed.")
@click.option("--upload", metavar="NAME", help="Only upload it, as a pipeline or a new version of one.")
@options.as_json
@options.debug
def command(
    file: Path,
    host: str | None,
    namespace: str | None,
    ca_file: str | None,
    experiment: str,
    parameters: tuple[str, ...],
    wait: bool,
    timeout: float | None,
    recurring: str | None,
    max_concurrency: int,
    no_catchup: bool,
    upload: str | None,
    as_json: bool,
) -> None:
    """Submit a file of `slipway compile --target kfp` to Kubeflow Pipelines 2.x.

    What `slipway compile` checks is checked again before anything is sent. A token is taken from $SLIPWAY_KFP_TOKEN or
    the file $SLIPWAY_KFP_TOKEN_FILE.

    \b
    Examples:
      slipway submit taxi.yaml --host http://localhost:8888 --param epochs=3 --wait
      slipway submit taxi.yaml --recurring '0 30 2 * * *' --no-catchup
      slipway submit taxi.yaml --upload taxi

    \b
    Exit codes with --wait:
      0    succeeded
      1    a step failed, or --timeout is over
      3    the step DataGate failed
      4    the model was not blessed: its push was skipped
      130  interrupted; the run goes on
    """  # noqa: D301 (click wants the character)
    require_sdk()
    _check(recurring, upload, wait, timeout, parameters)
    connection, submission = import_code("submit.connection"), import_code("submit.submission")
    if recurring is not None:
        import_code("submit.cron").check(recurring)
    to = connection.server(host, namespace, ca_file)
    compiled = import_code("compiled_file").read(file)
    given = submission.checked(compiled, parameters)
    order = submission.Submission(compiled, given, experiment, *connection.connect(to))
    if upload is not None:
        _tell_upload(order.upload(upload), upload, as_json)
    elif recurring is not None:
        schedule = submission.Schedule(recurring, max_concurrency, not no_catchup)
        _tell("Recurring run", order.schedule(schedule), {}, as_json)
    else:
        _run(order, wait, timeout, as_json)


def _check(
    recurring: str | None, upload: str | None, wait: bool, timeout: float | None, parameters: tuple[str, ...]
) -> None:
    chosen = [name for name, value in (("--recurring", recurring), ("--upload", upload)) if value is not None]
    if len(chosen) == 2 or (chosen and wait):
        received = " and ".join([*chosen, *(["--wait"] if wait else [])])
        raise UsageError("A file is run, scheduled, or uploaded.", received=received, fix="Choose one of them.")
    if timeout is not None and not wait:
        raise UsageError("--timeout goes with --wait.", received="--timeout alone")
    if upload is not None and (not upload.strip() or parameters):
        received = "--param" if parameters else "an empty name"
        raise UsageError("--upload takes a name, and no parameters.", received=received)


def _tell(kind: str, name: str, more: dict[str, Any], as_json: bool) -> None:
    """Prints what was made."""
    if as_json:
        click.echo(json.dumps({kind.lower().replace(" ", "_"): name, **more}, indent=2))
    else:
        click.echo(f"{kind}  {name}")


def _tell_upload(uploaded: Any, name: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(uploaded), indent=2))
    else:
        click.echo(f"Pipeline  {name}, {uploaded.pipeline}")
        click.echo(f"Version   {uploaded.version}{'' if uploaded.new else ', as before'}")


def _run(order: Any, wait: bool, timeout: float | None, as_json: bool) -> None:
    run = order.run()
    page = f"{order.to.host}/#/runs/details/{run}"
    if not as_json:
        click.echo(f"Run   {run}\nPage  {page}")
    elif not wait:
        _tell("Run", run, {"page": page}, as_json)
    if wait:
        _wait(order, run, page, timeout, as_json)


def _wait(order: Any, run: str, page: str, timeout: float | None, as_json: bool) -> None:
    """Waits for a run and raises the error that its end stands for."""
    follow = import_code("submit.watch").follow
    try:
        with run_table(console(), quiet=as_json) as show:
            for status in follow(order.client, order.to, run, order.file.spec, timeout):
                show(status)
    except KeyboardInterrupt:
        fix = "The run goes on in KFP."
        raise Interrupted("Waiting for the run was interrupted.", received=f"run={run}", fix=fix) from None
    error = import_code("submit.outcome").error_of(status, order.file.spec)
    if as_json:
        code = error.exit_code if error else 0
        values = {"run": run, "page": page, "state": status.state, "exit_code": code}
        click.echo(json.dumps({**values, "steps": [asdict(step) for step in status.steps]}, indent=2))
    else:
        click.echo(f"Run {run} {status.state}")
    if error:
        raise error
