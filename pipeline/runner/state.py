"""A run as its events tell it, folded into one immutable value.

>>> state = apply(RunState(), {"event": "run_started", "time": 10.0, "run_id": "r", "task": "t", "nodes": ["Trainer"]})
>>> state = apply(state, {"event": "node_started", "time": 11.0, "node": "Trainer"})
>>> state.nodes["Trainer"].state
'running'
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

Event = Mapping[str, Any]

WAITING, RUNNING, COMPLETE, CACHED = "waiting", "running", "complete", "cached"
FAILED, SKIPPED, INTERRUPTED, NOT_RUN = "failed", "skipped", "interrupted", "not run"
WOULD_RUN = "would run"


@dataclass(frozen=True)
class Epoch:
    """The latest finished epoch of a training node.

    Args:
        number: Epochs done.
        total: Epochs planned.
        metrics: Name to value after this epoch.
        stage: Which stage of a recipe, counted from 1, of how many; None where there is one only.
    """

    number: int
    total: int
    metrics: Mapping[str, float]
    stage: tuple[int, int] | None = None


@dataclass(frozen=True)
class Step:
    """How far a training node is inside an epoch.

    Args:
        epoch: The running epoch, counted from 1.
        epochs: Epochs planned.
        number: Steps of this epoch done.
        total: Steps that make an epoch.
        metrics: Name to value over this epoch so far.
        stage: Which stage of a recipe, counted from 1, of how many; None where there is one only.
    """

    epoch: int
    epochs: int
    number: int
    total: int
    metrics: Mapping[str, float]
    stage: tuple[int, int] | None = None


@dataclass(frozen=True)
class Trial:
    """The latest trial of a node that searches for hyper-parameters.

    Args:
        number: Which one, counted from 1.
        total: Trials at most.
        metric: What is judged.
        best: The best value of it so far; None before the end of a first trial.
    """

    number: int
    total: int
    metric: str
    best: float | None


@dataclass(frozen=True)
class Node:
    """One node of the run.

    Args:
        id: The node's id in the DAG.
        state: `waiting`, `running`, `complete`, `cached`, `failed`, `skipped`, `interrupted`, `not run` or
            `would run`.
        started: Seconds since 1970 when it started; None before.
        seconds: How long it took; None before its end.
        message: What it said at its end.
        reasons: Why it ran, or did not, a sentence each; only where somebody has asked.
        epoch: The latest finished epoch, for a node that trains.
        step: Where it is in the epoch after that; None between two epochs.
        trial: The trial that it belongs to, in a search for hyper-parameters.
    """

    id: str
    state: str = WAITING
    started: float | None = None
    seconds: float | None = None
    message: str | None = None
    epoch: Epoch | None = None
    step: Step | None = None
    trial: Trial | None = None
    reasons: tuple[str, ...] = ()

    def elapsed(self, now: float) -> float | None:
        """Returns the seconds so far, or all of them after the end; None before the start."""
        if self.state == RUNNING and self.started is not None:
            return max(0.0, now - self.started)
        return self.seconds


@dataclass(frozen=True)
class RunState:
    """A run so far.

    Args:
        run_id: The run's name; None before the launch.
        task: The task's name.
        launched: Seconds since 1970 at the start of the worker, before its imports.
        finished: Seconds since 1970 at the end; None while it runs.
        nodes: Node id to node, in the order in which they run.
        trials: Trials of the Tuner that came to their end, the best first: `trial`, `metric`, `value`,
            `hyperparameters`.
        evaluation: Rows of the Evaluator's verdict, as `components.evaluator.verdict.Row` has them.
        serving_check: Rows of ServingCheck, as `components.serving_check.result.Check` has them.
        blessed: The Evaluator's verdict; None without one.
        forced: Why a model that misses its thresholds was blessed all the same; None where nobody forced it.
        uncompared: Why the model was not compared with its baseline; None if it was, or if there is none.
        refused: Rows of DataGate that stopped the run, as `components.data_gate.finding.Finding` has them.
        warned: Rows of DataGate that did not.
        notices: What a person has to know before the result, a sentence each.
        tracked: Runs of experiment trackers: `tracker`, `run_id`, `location`.
        version: The pushed version.
        pushed_to: The folder of the pushed version.
        outcome: `pushed`, `up_to_date`, `dry_run`, `failed`, `refused`, `not_blessed`, `interrupted` or `usage`; None
            until the end.
        exit_code: The exit code that belongs to the outcome.
        message: The error in a line.
    """

    run_id: str | None = None
    task: str | None = None
    launched: float | None = None
    finished: float | None = None
    nodes: Mapping[str, Node] = field(default_factory=dict)
    trials: tuple[Event, ...] = ()
    evaluation: tuple[Event, ...] = ()
    serving_check: tuple[Event, ...] = ()
    blessed: bool | None = None
    forced: str | None = None
    uncompared: str | None = None
    refused: tuple[Event, ...] = ()
    warned: tuple[Event, ...] = ()
    notices: tuple[str, ...] = ()
    tracked: tuple[Event, ...] = ()
    version: str | None = None
    pushed_to: str | None = None
    outcome: str | None = None
    exit_code: int | None = None
    message: str | None = None

    def elapsed(self, now: float) -> float:
        """Returns the seconds since the launch; after the end, the seconds it took."""
        return max(0.0, (self.finished or now) - (self.launched or now))

    @property
    def startup(self) -> float | None:
        """Seconds from the launch to the first node, which is mostly imports; None before it."""
        starts = [node.started for node in self.nodes.values() if node.started is not None]
        return max(0.0, min(starts) - self.launched) if starts and self.launched is not None else None

    @property
    def running(self) -> list[Node]:
        """The nodes that run now."""
        return [node for node in self.nodes.values() if node.state == RUNNING]


def apply(state: RunState, event: Event) -> RunState:
    """Returns the state after an event. An event of an unknown kind changes nothing: a newer worker may say more."""
    handler = _HANDLERS.get(event["event"])
    return handler(state, event) if handler else state


def fold(events: Iterable[Event]) -> RunState:
    """Returns the state after all of the events."""
    return reduce(apply, events, RunState())


def _launched(state: RunState, event: Event) -> RunState:
    return replace(state, launched=event["time"], run_id=event["run_id"], task=event["task"])


def _run_started(state: RunState, event: Event) -> RunState:
    nodes = {node: Node(node) for node in event["nodes"]}
    return replace(state, run_id=event["run_id"], task=event["task"], nodes=nodes)


def _node_started(state: RunState, event: Event) -> RunState:
    return _with_node(state, event["node"], state=RUNNING, started=event["time"])


def _node_finished(state: RunState, event: Event) -> RunState:
    return _with_node(
        state, event["node"], state=event["state"], seconds=event["seconds"], message=event.get("message"), step=None
    )


def _explained(state: RunState, event: Event) -> RunState:
    return _with_node(state, event["node"], reasons=tuple(event["reasons"]))


def _step(state: RunState, event: Event) -> RunState:
    step = Step(event["epoch"], event["epochs"], event["step"], event["steps"], event["metrics"], stage_of(event))
    return _with_training_node(state, event, step=step)


def _epoch(state: RunState, event: Event) -> RunState:
    epoch = Epoch(event["epoch"], event["epochs"], event["metrics"], stage_of(event))
    return _with_training_node(state, event, epoch=epoch, step=None)


def stage_of(event: Event) -> tuple[int, int] | None:
    """Returns which stage of a recipe an `epoch` or a `step` belongs to, counted from 1, of how many."""
    return (event["stage"], event["stages"]) if "stage" in event else None


def _trial(state: RunState, event: Event) -> RunState:
    trial = Trial(event["trial"], event["trials"], event["metric"], event["best"])
    return _with_training_node(state, event, trial=trial, epoch=None, step=None)


def _tuned(state: RunState, event: Event) -> RunState:
    return replace(state, trials=tuple(event["rows"]))


def _evaluation(state: RunState, event: Event) -> RunState:
    return replace(
        state,
        evaluation=tuple(event["rows"]),
        blessed=event["blessed"],
        forced=event.get("forced"),
        uncompared=event.get("uncompared"),
    )


def _serving_check(state: RunState, event: Event) -> RunState:
    return replace(state, serving_check=tuple(event["rows"]))


def _refused(state: RunState, event: Event) -> RunState:
    return replace(state, refused=tuple(event["rows"]))


def _warned(state: RunState, event: Event) -> RunState:
    return replace(state, warned=tuple(event["rows"]))


def _notice(state: RunState, event: Event) -> RunState:
    return replace(state, notices=(*state.notices, event["message"]))


def _tracked(state: RunState, event: Event) -> RunState:
    return replace(state, tracked=(*state.tracked, event))


def _pushed(state: RunState, event: Event) -> RunState:
    return replace(state, version=str(event["version"]), pushed_to=event["path"])


def _run_finished(state: RunState, event: Event) -> RunState:
    stopped = INTERRUPTED if event["outcome"] == "interrupted" else FAILED
    nodes = {node.id: _closed(node, stopped, event["time"]) for node in state.nodes.values()}
    return replace(
        state,
        nodes=nodes,
        finished=event["time"],
        outcome=event["outcome"],
        exit_code=event["exit_code"],
        message=event.get("message"),
    )


def _closed(node: Node, stopped: str, now: float) -> Node:
    """Returns the node after the run's end: what still ran was stopped, what still waited never ran."""
    if node.state == RUNNING:
        return replace(node, state=stopped, seconds=node.elapsed(now))
    return replace(node, state=NOT_RUN) if node.state == WAITING else node


def _with_training_node(run: RunState, event: Event, **changes: Any) -> RunState:
    """Returns the run with a change to the node that an event is of; a training outside of a run has none."""
    return _with_node(run, event["node"], **changes) if event.get("node") in run.nodes else run


def _with_node(run: RunState, node_id: str, /, **changes: Any) -> RunState:
    node = replace(run.nodes.get(node_id, Node(node_id)), **changes)
    return replace(run, nodes={**run.nodes, node_id: node})


_HANDLERS: Mapping[str, Callable[[RunState, Event], RunState]] = {
    "launched": _launched,
    "run_started": _run_started,
    "node_started": _node_started,
    "node_finished": _node_finished,
    "explained": _explained,
    "step": _step,
    "epoch": _epoch,
    "trial": _trial,
    "tuned": _tuned,
    "evaluation": _evaluation,
    "serving_check": _serving_check,
    "refused": _refused,
    "warned": _warned,
    "notice": _notice,
    "tracked": _tracked,
    "pushed": _pushed,
    "run_finished": _run_finished,
}
