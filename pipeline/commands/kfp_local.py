"""slipway kfp-local: a compiled pipeline, run on this machine."""

from pathlib import Path
from typing import Any

import click
import yaml

from components.errors import ComponentFailed, UsageError
from pipeline.commands import options
from pipeline.home import Home
from pipeline.kubeflow_code import import_code
from pipeline.kubeflow_order import require_sdk


@click.command("kfp-local")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options.home
@click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", help="Set a runtime parameter.")
@options.debug
def command(file: Path, home: str | None, parameters: tuple[str, ...]) -> int:
    """Run a file of `slipway compile --target kfp` on this machine, a process for each step.

    Plays KFP's driver and launcher with a folder of the home as the object store. Volumes are not mounted: name local
    folders for data_uri and push_destination. Exits with 0 if the run succeeded, also where the model was not blessed.

    \b
    Example:
      slipway kfp-local taxi.yaml --param data_uri=/tmp/taxi --param push_destination=/tmp/serving
    """  # noqa: D301 (click wants the character)
    require_sdk()
    spec = _read(file)
    run = import_code("harness.run").Run(spec, Home.open(home).root / "kfp", _show)
    state = run.start(parameters)
    click.echo(f"Run      {run.id} {state.lower()}")
    click.echo(f"Logs     {run.folder / 'logs'}")
    if state != "SUCCEEDED":
        failed = next((step for step in run.steps.values() if step.message), None)
        raise ComponentFailed(
            "Every step must succeed.", received=f"{failed.name}: {failed.message}" if failed else state
        )
    return 0


def _read(file: Path) -> dict[str, Any]:
    """Returns the PipelineSpec, the first document of a file."""
    try:
        spec = next(yaml.safe_load_all(file.read_text(encoding="utf-8")), None)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError("A compiled pipeline is YAML.", received=f"{file}: {error}") from None
    if not isinstance(spec, dict):
        raise UsageError("A compiled pipeline is a mapping.", received=str(file), fix="`slipway compile` writes one.")
    return spec


def _show(step: Any) -> None:
    attempts = f", {step.attempts} attempts" if step.attempts > 1 else ""
    click.echo(f"{step.state.lower():<10}{step.name}  {step.seconds:.0f} s{attempts}")
