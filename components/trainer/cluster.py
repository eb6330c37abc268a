"""Which of several workers this process is, from TF_CONFIG. No TensorFlow here."""

import contextlib
import copy
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components import progress
from components.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from tfx.components.trainer.fn_args_utils import FnArgs

VARIABLE = "TF_CONFIG"
TYPES = ("chief", "worker")

_EXAMPLE = '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True)
class Cluster:
    """The workers that train together, and the place of this process among them.

    Args:
        workers: How many there are, the chief among them.
        is_chief: Whether this one writes what comes out: the `chief`, or where there is none the first `worker`.
    """

    workers: int
    is_chief: bool


def from_environment() -> Cluster:
    """Returns the cluster of the variable TF_CONFIG.

    Raises:
        UsageError: It is missing, or says something else than which chief or worker of which cluster this is.

    Example:
        >>> os.environ["TF_CONFIG"] = _EXAMPLE
        >>> from_environment()
        Cluster(workers=2, is_chief=True)
        >>> del os.environ["TF_CONFIG"]
    """
    text = os.environ.get(VARIABLE)
    if not text:
        raise UsageError(
            "training.strategy=multi_worker needs TF_CONFIG, which says where the workers are.",
            received="TF_CONFIG is not set",
            fix=f"Set TF_CONFIG='{_EXAMPLE}' on each worker, or training.strategy=mirrored.",
        )
    try:
        content = json.loads(text)
        addresses = {kind: list(hosts) for kind, hosts in content["cluster"].items()}
        kind, index = content["task"]["type"], int(content["task"]["index"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refused(f"{type(error).__name__}: {error} in {text}") from error
    _check_types([*addresses, kind])
    if len(addresses.get("chief", [])) > 1:
        raise _refused(f"{len(addresses['chief'])} chiefs")
    if not 0 <= index < len(addresses.get(kind, [])):
        raise _refused(f"task {kind} {index} of {len(addresses.get(kind, []))}")
    first = "chief" if addresses.get("chief") else "worker"
    return Cluster(sum(map(len, addresses.values())), is_chief=(kind, index) == (first, 0))


def _check_types(kinds: list[Any]) -> None:
    for kind in kinds:
        if kind not in TYPES:
            raise UsageError(
                f"A task of TF_CONFIG must be one of {', '.join(TYPES)}.",
                received=str(kind),
                fix=did_you_mean(str(kind), TYPES),
            )


def _refused(received: str) -> UsageError:
    return UsageError("TF_CONFIG must name the cluster and the task.", received=received, fix=f"Example: {_EXAMPLE}")


@contextlib.contextmanager
def outputs(strategy: str, fn_args: "FnArgs") -> Iterator["FnArgs"]:
    """Gives the arguments of the Trainer with the folders that this process may write to.

    Only the chief of several workers writes what comes out. The others do the same, as reading a variable may need all
    of them, in a folder that is thrown away. They go on from the state that the chief has left, so they have to see its
    folders.

    Args:
        strategy: Name of the strategy.
        fn_args: What TFX gives the Trainer, the same for all.
    """
    if strategy != "multi_worker" or from_environment().is_chief:
        yield fn_args
        return
    os.environ.pop(progress.EVENTS_VARIABLE, None)  # The chief says how far they are.
    with tempfile.TemporaryDirectory() as scratch:
        yield _elsewhere(fn_args, Path(scratch))


def _elsewhere(fn_args: "FnArgs", scratch: Path) -> "FnArgs":
    own = copy.copy(fn_args)
    run = Path(fn_args.model_run_dir)
    own.model_run_dir = str(scratch / run.parent.name / run.name)
    own.serving_model_dir = str(scratch / "model" / Path(fn_args.serving_model_dir).name)
    Path(own.serving_model_dir).parent.mkdir()
    state = run.parent.parent / ".unfinished"
    if state.exists():
        shutil.copytree(state, scratch / state.name)
    return own
