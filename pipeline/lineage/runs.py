"""The runs of pipelines: which nodes they had, how those ended, and what was pushed."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from components.evaluator.verdict import FORCED_PROPERTY
from components.trainer.trackers.execution import TrackedRun
from pipeline.lineage.records import (
    SECONDS_PROPERTY,
    STARTED_PROPERTY,
    SUCCESSFUL,
    Artifact,
    Context,
    Event,
    Execution,
)

_RESULT = "__execution_result__"

OUTCOMES = ("ModelBlessing", "PushedModel")
_TRACKED = tuple(f"{tracker}_{name}" for tracker in ("mlflow", "wandb") for name in ("run_id", "location"))
NOTES = (_RESULT, STARTED_PROPERTY, SECONDS_PROPERTY, *_TRACKED)
"""The properties of executions that a list of runs shows; others are long."""


@dataclass(frozen=True)
class NodeRun:
    """One node in one run.

    Args:
        node: The node's id.
        component: Import path of the component class.
        state: `waiting`, `running`, `complete`, `cached`, `failed`, `canceled` or `unknown`.
        started: Seconds since 1970.
        seconds: From its start to the last change of its record, which is its end if it has ended.
        execution: Id of its execution in ML Metadata.
        tracked: The runs that experiment trackers keep of it.
        message: Why it failed, as TFX has noted it; None if it did not.
    """

    node: str
    component: str
    state: str
    started: float
    seconds: float
    execution: int
    tracked: tuple[TrackedRun, ...] = ()
    message: str | None = None


@dataclass(frozen=True)
class Run:
    """One run of a pipeline.

    Args:
        id: The run's name.
        pipeline: The pipeline's name, which is the task's.
        state: `failed`, `running` or `canceled` if a node is, else `complete`; `unknown` without a node.
        started: Seconds since 1970.
        seconds: From its start to the end of its last node.
        nodes: In the order in which they started; of a node that ran again, the last time.
        version: The pushed version; None if nothing was pushed.
        pushed_to: Where it was pushed to.
        blessed: Whether its model was; None if no evaluation came to a verdict.
        forced: Why it was although it misses its thresholds; None where nobody forced it.
    """

    id: str
    pipeline: str
    state: str
    started: float
    seconds: float
    nodes: tuple[NodeRun, ...]
    version: str | None
    pushed_to: str | None
    blessed: bool | None = None
    forced: str | None = None

    @property
    def cached(self) -> int:
        """How many nodes took what an earlier run had made."""
        return sum(node.state == "cached" for node in self.nodes)


class Outcomes:
    """What runs led to: whether a model was blessed, and what was pushed.

    Args:
        events: Outputs of executions.
        artifacts: The blessings and pushed models among them.
    """

    def __init__(self, events: Iterable[Event], artifacts: Iterable[Artifact]) -> None:
        known = {artifact.id: artifact for artifact in artifacts}
        self._found: Mapping[int, list[Artifact]] = defaultdict(list)
        for event in events:
            if event.artifact in known:
                self._found[event.execution].append(known[event.artifact])

    def of(self, executions: Iterable[int], kind: str) -> Artifact | None:
        """Returns the last artifact of a type that one of the executions has put out."""
        found = [one for number in executions for one in self._found.get(number, ()) if one.type == kind]
        return found[-1] if found else None


def runs_of(contexts: Sequence[Context], executions: Iterable[Execution], outcomes: Outcomes) -> list[Run]:
    """Returns runs, in the order of their contexts.

    Args:
        contexts: The contexts of the runs.
        executions: Their executions, in the order of their ids.
        outcomes: What those have put out.
    """
    of_run: dict[str, list[Execution]] = defaultdict(list)
    for execution in executions:
        of_run[execution.run].append(execution)
    return [_run(context, of_run[context.name], outcomes) for context in contexts]


def _run(context: Context, executions: Sequence[Execution], outcomes: Outcomes) -> Run:
    # Later executions of a node replace earlier ones: a run that was resumed has both.
    nodes = {execution.node: _node_run(execution) for execution in executions}
    ids = [node.execution for node in nodes.values()]
    pushed, blessing = outcomes.of(ids, "PushedModel"), outcomes.of(ids, "ModelBlessing")
    real = pushed if pushed and pushed.properties.get("pushed") else None
    # The context of a run that was written afterwards is younger than its nodes.
    started = min((node.started for node in nodes.values()), default=context.created)
    started = min(started, context.created)
    ended = max((node.started + node.seconds for node in nodes.values()), default=context.created)
    return Run(
        id=context.name,
        pipeline=next((execution.pipeline for execution in executions if execution.pipeline), ""),
        state=_state([node.state for node in nodes.values()]),
        started=started,
        seconds=round(ended - started, 3),
        nodes=tuple(nodes.values()),
        version=_text(real, "pushed_version"),
        pushed_to=_text(real, "pushed_destination"),
        blessed=_blessed(blessing),
        forced=_text(blessing, FORCED_PROPERTY),
    )


def _node_run(execution: Execution) -> NodeRun:
    return NodeRun(
        node=execution.node,
        component=execution.component,
        state=execution.state,
        started=execution.started,
        seconds=execution.seconds,
        execution=execution.id,
        tracked=execution.tracked,
        message=_message(execution) if execution.state == "failed" else None,
    )


def _message(execution: Execution) -> str | None:
    try:
        result = json.loads(execution.properties.get(_RESULT, "{}"))
    except (TypeError, ValueError):
        return None
    return str(result.get("resultMessage", "")).strip() or None


def _state(states: list[str]) -> str:
    for state in ("failed", "running", "canceled"):
        if state in states:
            return state
    return "complete" if states and set(states) <= SUCCESSFUL else "unknown"


def _text(artifact: Artifact | None, name: str) -> str | None:
    return str(artifact.properties.get(name) or "") or None if artifact else None


def _blessed(blessing: Artifact | None) -> bool | None:
    found = blessing.properties.get("blessed") if blessing else None
    return None if found is None else bool(found)
