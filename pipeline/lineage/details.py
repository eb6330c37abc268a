"""What the nodes of a run were told, what they read and what they put out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.lineage.records import Artifact, Event
from pipeline.lineage.runs import Run
from pipeline.lineage.store import Store
from pipeline.lineage.why import parts


@dataclass(frozen=True)
class Use:
    """An artifact that a node has read or put out.

    Args:
        key: The name of the input or the output.
        artifact: Its id.
        type: Its type.
        uri: Where its payload is.
    """

    key: str
    artifact: int
    type: str
    uri: str


@dataclass(frozen=True)
class Details:
    """One node of a run in full.

    Args:
        parameters: Name to value, by their parts, such as `custom_config.training.seed`.
        inputs: What it has read.
        outputs: What it has put out, also where that came from the cache.
    """

    parameters: dict[str, Any]
    inputs: tuple[Use, ...]
    outputs: tuple[Use, ...]


def details(store: Store, run: Run) -> dict[str, Details]:
    """Returns the nodes of a run in full, by id.

    Args:
        store: The store.
        run: The run.
    """
    ids = [node.execution for node in run.nodes]
    executions = {execution.id: execution for execution in store.executions_of(ids)}
    events = store.events(executions=ids)
    artifacts = {artifact.id: artifact for artifact in store.artifacts_of(event.artifact for event in events)}
    return {
        node.node: Details(
            dict(parts(executions[node.execution].properties)),
            _uses(events, node.execution, "input", artifacts),
            _uses(events, node.execution, "output", artifacts),
        )
        for node in run.nodes
    }


def _uses(events: Sequence[Event], execution: int, kind: str, artifacts: dict[int, Artifact]) -> tuple[Use, ...]:
    mine = [event for event in events if event.execution == execution and event.kind == kind]
    ordered = sorted(mine, key=lambda event: (event.key, event.index))
    return tuple(
        Use(event.key, event.artifact, artifacts[event.artifact].type, artifacts[event.artifact].uri)
        for event in ordered
        if event.artifact in artifacts
    )
