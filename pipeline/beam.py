"""Beam's options from the command line to each node, and what can be told of them before a node runs.

Whoever names a runner starts anew: options that were meant for another are dropped, those of the default too.

>>> merged(("--runner=FnApiRunner", "--direct_running_mode=in_memory"), ("--runner=FlinkRunner", "--parallelism=4"))
('--runner=FlinkRunner', '--parallelism=4')
>>> merged(("--runner=FnApiRunner",), ("--direct_num_workers=2",))
('--runner=FnApiRunner', '--direct_num_workers=2')
"""

import contextlib
import functools
import io
import re
from collections.abc import Iterable
from dataclasses import replace

from components.errors import UsageError, did_you_mean
from pipeline.config import NodeConfig, RunnerConfig

Options = tuple[str, ...]

_ARGUMENT = re.compile(r"(?:(?P<node>\w+):)?(?P<option>--\w.*)", re.DOTALL)

# Their job servers have options of their own, which only those servers know.
_JOB_SERVERS = frozenset({"FlinkRunner", "PortableRunner", "SparkRunner"})


def merged(before: Options, more: Options) -> Options:
    """Returns options followed by others, or the others alone where they name a runner."""
    return more if any(option.startswith("--runner=") for option in more) else before + more


def added(runner: RunnerConfig, arguments: Iterable[str]) -> RunnerConfig:
    """Returns how nodes are run, with options added.

    Args:
        runner: What to start from.
        arguments: `--name`, `--name=value`, or one of these behind `NODE:` for a single node.

    Raises:
        UsageError: An argument is none of these.
    """
    given: dict[str, list[str]] = {}
    for argument in arguments:
        node, option = _parsed(argument)
        given.setdefault(node, []).append(option)
    everywhere = merged(runner.beam_args, tuple(given.pop("", ())))
    nodes = dict(runner.nodes)
    for node, options in given.items():
        config = nodes.get(node, NodeConfig())
        nodes[node] = replace(config, beam_args=merged(config.beam_args, tuple(options)))
    return replace(runner, beam_args=everywhere, nodes=nodes)


def _parsed(argument: str) -> tuple[str, str]:
    found = _ARGUMENT.fullmatch(argument)
    if found is None:
        raise UsageError(
            "--beam-arg takes one option of Beam.",
            received=argument,
            fix="Written --beam-arg=--name=value, or --beam-arg=NODE:--name=value for one node.",
        )
    return found["node"] or "", found["option"]


def options_of(runner: RunnerConfig, node: str) -> Options:
    """Returns the options of a node: those of all nodes and its own."""
    return merged(runner.beam_args, runner.nodes.get(node, NodeConfig()).beam_args)


@functools.cache
def check(options: Options) -> None:
    """Checks options as far as Beam here knows them. Beam itself says nothing of an option that it does not know.

    Raises:
        UsageError: The runner or an option does not exist, or a value is of another type. An option that may belong to
            the job server of Flink, Spark or another portable runner passes.
    """
    # Beam takes seconds to import, and who reads options alone need not wait.
    from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            parsed = PipelineOptions(list(options))
            values = parsed.get_all_options(retain_unknown_options=True)
    except SystemExit:
        reason = said.getvalue().strip().rpartition("error: ")[2] or " ".join(options)
        raise UsageError("Beam must understand its options.", received=reason) from None
    runner = parsed.view_as(StandardOptions).runner
    _check_runner(runner, list(StandardOptions.KNOWN_RUNNER_NAMES))
    known = PipelineOptions([]).get_all_options().keys()
    unknown = [] if runner in _JOB_SERVERS else sorted(values.keys() - known)
    if unknown:
        raise UsageError(
            "Beam must know its options.", received=f"--{unknown[0]}", fix=did_you_mean(unknown[0], sorted(known))
        )


def _check_runner(name: str | None, known: list[str]) -> None:
    if name is None:
        raise UsageError(
            "Beam's runner must be named.",
            received="no --runner",
            fix="Beam's default looks for one that it downloads; FnApiRunner runs here.",
        )
    # With dots it is the import path of somebody's own.
    if "." not in name and name.lower() not in map(str.lower, known):
        raise UsageError("Beam must know its runner.", received=f"--runner={name}", fix=did_you_mean(name, known))
