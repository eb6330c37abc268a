"""The slipway command.

Each command is a module of `pipeline.commands`, imported when it is called: `slipway --help` answers at once.
"""

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import click

from components.errors import SlipwayError, UsageError, did_you_mean
from pipeline.terminal import print_error

INTERRUPTED = 130

COMMANDS = {
    "run": "Run a task's pipeline, from its TFRecords to a pushed model.",
    "tasks": "List the tasks.",
    "new": "Make a task from your own data: a CSV, TFRecords, images or audio.",
    "runs": "List the runs that the metadata store knows.",
    "show": "Show one run: its nodes, its evaluation, what it pushed.",
    "compare": "Show in what runs differ, and their metrics.",
    "report": "Write runs as pages: one HTML file each.",
    "ui": "Show the same pages in a browser, also while a run goes on.",
    "why": "Say why a node ran, or took what an earlier run had made.",
    "artifacts": "List the artifacts that the metadata store knows.",
    "executions": "List each time that a node was run.",
    "lineage": "Show what a model or another artifact was made of, and what was made of it.",
    "verify": "Check that every artifact is there, and as it was written.",
    "gc": "Remove the artifacts that nothing needs any more.",
    "backup": "Copy the metadata store, also while a run writes to it.",
    "rollback": "Let an earlier version of a pushed model answer again.",
    "schedule": "Draw the learning rate of a task's training over its steps.",
    "input": "Measure the input of a task's training, and find what to set.",
    "hub": "Turn published weights into modules in the TF Hub format.",
    "compare-optimizers": "Train a task's model with each optimizer, and compare them.",
    "compare-variants": "Train the variants of a task, and compare them.",
    "classify": "Say which classes a pushed model sees in files or texts.",
    "neighbours": "Find the examples that are most like one.",
    "similarity": "Draw how like each other the examples of each class are.",
    "compile": "Compile a task's pipeline for Kubeflow Pipelines or Vertex.",
    "submit": "Send a compiled pipeline to Kubeflow Pipelines: run it, schedule it, upload it.",
    "kfp-local": "Run a compiled pipeline on this machine, as Kubeflow Pipelines would.",
    "doctor": "Check this machine and this environment, and say how to mend them.",
}


def module_of(command: str) -> str:
    """Returns the module of a command."""
    return f"pipeline.commands.{command.replace('-', '_')}"


@dataclass
class Settings:
    """What holds for a whole call of the command.

    Args:
        debug: Whether errors show their traceback.
    """

    debug: bool = False


class Commands(click.Group):
    """The commands by name, imported one at a time."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads a call; one without arguments asks for the help."""
        return super().parse_args(ctx, args or ["--help"])

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Returns the names in the order in which a person needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports a command."""
        if cmd_name not in COMMANDS:
            return None
        return cast(click.Command, importlib.import_module(module_of(cmd_name)).command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds the command of a call; a mistyped name gets the nearest one."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise UsageError("The command must exist.", received=args[0], fix=did_you_mean(args[0], COMMANDS))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands into the help without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tfx-slipway", prog_name="slipway")
def slipway() -> None:
    """Takes TFRecords to a served-ready model with TFX.

    Start with `slipway run`, or `slipway doctor` where something does not work.
    """


def main(args: Sequence[str] | None = None, command: click.Command = slipway, name: str = "slipway") -> int:
    """Runs a command line and returns its exit code.

    Args:
        args: What was typed after the program's name; None takes `sys.argv`.
        command: The command that reads it.
        name: The program's name, for its help.
    """
    settings = Settings()
    try:
        result = command.main(args, prog_name=name, standalone_mode=False, obj=settings)
        return result if isinstance(result, int) else 0
    except SlipwayError as error:
        return _fail(str(error), error.exit_code, settings)
    except click.ClickException as error:
        return _fail(_one_line(error), UsageError.exit_code, settings)
    except (KeyboardInterrupt, click.Abort):
        return _fail("Interrupted.", INTERRUPTED, settings)
    except BrokenPipeError:
        # The reader went away (`slipway runs | head`); what Python still holds must not be flushed into the void.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _fail(f"A file or a device could not be used. Received: {error}.", 1, settings)
    except Exception as error:  # noqa: BLE001 (the last resort of the command line)
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return _fail(f"This is a fault of Slipway. Received: {text}. --debug shows where it happened.", 1, settings)


def _fail(message: str, exit_code: int, settings: Settings) -> int:
    print_error(message, traceback.format_exc() if settings.debug else None)
    return exit_code


def _one_line(error: click.ClickException) -> str:
    """Returns click's complaint in the project's form."""
    context = getattr(error, "ctx", None)
    if context is None:
        return error.format_message()
    path = context.command_path
    if isinstance(error, click.NoSuchOption):
        options = {text for parameter in context.command.params for text in parameter.opts} | {"--help"}
        fix = did_you_mean(error.option_name, options)
        return str(UsageError(f"An option of `{path}` must exist.", received=error.option_name, fix=fix))
    return f"{error.format_message().rstrip('.')}. `{path} --help` shows what can be given."


if __name__ == "__main__":
    sys.exit(main())
