"""slipway rollback: an earlier version of a pushed model answers again."""

import json
from pathlib import Path

import click

from components.errors import UsageError, did_you_mean
from components.pusher import versions
from pipeline import tasks
from pipeline.commands import options
from pipeline.config import override
from pipeline.home import Home
from pipeline.runner.next_steps import shown


@click.command("rollback")
@click.argument("task")
@click.argument("version", required=False)
@options.home
@options.overrides
@options.as_json
@options.debug
def command(task: str, version: str | None, home: str | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """Let an earlier VERSION of a TASK's model answer again, by default the one before the newest.

    It is pushed once more under a new number, so that servers, which take the highest, take it up as they do any push.
    Nothing is removed; the next run pushes over it.

    \b
    Examples:
      slipway rollback taxi
      slipway rollback taxi 1795356878
    """  # noqa: D301 (click wants the character)
    config = override(tasks.load(task), overrides)
    config.push.check()
    folder = Path(config.push.directory) if config.push.directory else Home.existing(home).serving(task)
    back = _wanted(folder, version) if version else _before_the_newest(folder)
    model = versions.origin(folder, back)
    path = versions.publish(folder / str(back), folder, config.push.keep, rolled_back_to=model)
    if as_json:
        click.echo(json.dumps({"task": task, "rolled_back_to": model, "version": int(path.name), "path": str(path)}))
    else:
        click.echo(f"Version {model} answers again, as version {path.name} in {shown(path)}")


def _before_the_newest(folder: Path) -> int:
    found = versions.numbers(folder)
    served = versions.origin(folder, found[-1]) if found else 0
    earlier = [number for number in found if number < served and versions.origin(folder, number) == number]
    if not earlier:
        raise UsageError(
            "There must be a version to go back to.",
            received=f"{', '.join(map(str, found)) or 'none'} in {shown(folder)}",
        )
    return earlier[-1]


def _wanted(folder: Path, version: str) -> int:
    found = versions.numbers(folder)
    if not version.isdecimal() or int(version) not in found:
        raise UsageError(
            "A version must have been pushed, and still be there.",
            received=version,
            fix=did_you_mean(version, [str(number) for number in found]),
        )
    if versions.origin(folder, int(version)) == versions.origin(folder, found[-1]):
        raise UsageError("The version must be another one than that which answers.", received=version)
    return int(version)
