"""What is different between runs: the parameters of their nodes, with the data, the code and the configuration."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto.metadata_store_pb2 import Event

from pipeline.lineage.records import Execution
from pipeline.lineage.runs import Run


@dataclass(frozen=True)
class Difference:
    """A parameter that some runs have and others have otherwise, or not at all.

    Args:
        key: The node and the name of the parameter, with the names inside of it, such as
            `Trainer.custom_config.training.seed`.
        values: Its value in each run, `"null"` where it is set to nothing; None where the run does not have it.
    """

    key: str
    values: tuple[Any, ...]


def differences(store: metadata_store.MetadataStore, runs: Sequence[Run]) -> list[Difference]:
    """Returns the parameters in which runs differ, in the order of the nodes.

    Args:
        store: The store.
        runs: Two or more runs.
    """
    told = [_parameters(store, run) for run in runs]
    keys = dict.fromkeys(key for parameters in told for key in parameters)
    found = (Difference(key, tuple(parameters.get(key) for parameters in told)) for key in keys)
    return [one for one in found if any(value != one.values[0] for value in one.values)]


def metrics(evaluations: Sequence[Sequence[Mapping[str, Any]]]) -> list[tuple[str, str, tuple[float | None, ...]]]:
    """Returns each metric with its slice, which is empty for the whole split, and its value in each run.

    Args:
        evaluations: The rows of each run's evaluation, with `metric`, `slice` and `value`.
    """
    told = [{(row["metric"], row["slice"]): row["value"] for row in rows} for rows in evaluations]
    keys = dict.fromkeys(key for values in told for key in values)
    return [(*key, tuple(values.get(key) for values in told)) for key in keys]


def _parameters(store: metadata_store.MetadataStore, run: Run) -> dict[str, Any]:
    originals = _originals(store, [node.execution for node in run.nodes if node.state == "cached"])
    numbers = [originals.get(node.execution, node.execution) for node in run.nodes]
    executions = {message.id: Execution.of(message) for message in store.get_executions_by_id(sorted(set(numbers)))}
    return {
        f"{node.node}.{key}": value
        for node, number in zip(run.nodes, numbers, strict=True)
        for name, text in executions[number].properties.items()
        for key, value in _flat(name, _parsed(text))
    }


def _originals(store: metadata_store.MetadataStore, cached: list[int]) -> dict[int, int]:
    """Returns the execution whose outputs each cached one has taken: that one knows all of its parameters."""
    taken = {event.artifact_id: event.execution_id for event in _outputs(store.get_events_by_execution_ids, cached)}
    made = sorted(_outputs(store.get_events_by_artifact_ids, list(taken)), key=lambda event: -event.execution_id)
    return {taken[event.artifact_id]: event.execution_id for event in made}


def _outputs(ask: Callable[[list[int]], list[Event]], ids: list[int]) -> list[Event]:
    return [event for event in ask(ids) if event.type == Event.OUTPUT] if ids else []


def _parsed(value: Any) -> Any:
    """Returns what TFX has written as JSON, as most parameters are, as what it stands for."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}", inner)
    else:
        yield name, "null" if value is None else value
