"""A run on KFP as its API tells it, step by step, until it ends."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kfp.client import Client

from components.errors import ComponentFailed
from kubeflow.spec import Spec, executor_of, tasks
from kubeflow.submit.connection import TIMEOUT_S, Server, translated

POLL_S = 5.0
"""Seconds between two questions."""

PATIENCE = 12
"""How many questions in a row may go unanswered, as while the server is started anew."""

SUCCEEDED, FAILED, SKIPPED, WAITING = "succeeded", "failed", "skipped", "waiting"
_ENDED = (SUCCEEDED, FAILED, SKIPPED, "canceled")


@dataclass(frozen=True)
class StepState:
    """A step of a run.

    Args:
        name: The task.
        state: `waiting`, `pending`, `running`, `succeeded`, `failed`, `skipped`, ... as KFP says.
        seconds: How long it has taken; None where KFP does not say.
        message: What went wrong.
    """

    name: str
    state: str = WAITING
    seconds: float | None = None
    message: str | None = None


@dataclass(frozen=True)
class RunStatus:
    """A run.

    Args:
        id: Its id.
        state: As that of a step.
        steps: The steps that the file has, those first that began first.
        message: What went wrong.
    """

    id: str
    state: str
    steps: tuple[StepState, ...]
    message: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in _ENDED


def containers(spec: Spec) -> list[str]:
    """Returns the names of the tasks that run something."""
    return [name for name, task in tasks(spec) if executor_of(spec, task)]


def follow(client: Client, to: Server, run_id: str, spec: Spec, timeout_s: float | None = None) -> Iterator[RunStatus]:
    """Yields a run again and again, the last time when it has ended.

    Args:
        client: The server's client.
        to: The server.
        run_id: The run.
        spec: What it runs.
        timeout_s: Seconds after which it is not waited for any more; None waits for ever.

    Raises:
        ComponentFailed: It takes too long, or the server has not answered for a while. The run goes on.
    """
    names, start = containers(spec), time.monotonic()
    while True:
        status = _status(_asked(client, to, run_id), names)
        yield status
        if status.ended:
            return
        if timeout_s is not None and time.monotonic() - start >= timeout_s:
            received = f"{run_id}, {status.state} after {timeout_s:g} s"
            raise ComponentFailed("The run must end within --timeout.", received=received, fix="It goes on in KFP.")
        _wait()


def _wait() -> None:
    time.sleep(POLL_S)


def _asked(client: Client, to: Server, run_id: str) -> Any:
    left = PATIENCE
    while True:
        try:
            with translated(to):
                return client.runs.run_service_get_run(run_id, _request_timeout=TIMEOUT_S)
        except ComponentFailed:
            left -= 1
            if not left:
                raise
            _wait()


def _status(run: Any, names: list[str]) -> RunStatus:
    found: dict[str, StepState] = {}
    details = run.run_details.task_details if run.run_details else None
    # KFP also lists drivers, executors and DAGs; each task of the file has a row of its own name.
    for detail in sorted(details or (), key=lambda item: str(item.start_time or "~")):
        if detail.display_name in names:
            found[detail.display_name] = _step(detail)
    waiting = [StepState(name) for name in names if name not in found]
    return RunStatus(run.run_id, _word(run.state), (*found.values(), *waiting), _message(run.error))


def _step(detail: Any) -> StepState:
    state = _word(detail.state)
    both = detail.start_time and detail.end_time and state in _ENDED
    seconds = (detail.end_time - detail.start_time).total_seconds() if both else None
    return StepState(detail.display_name, state, seconds, _message(detail.error))


def _word(state: str | None) -> str:
    return state.lower() if state and state != "RUNTIME_STATE_UNSPECIFIED" else "pending"


def _message(error: Any) -> str | None:
    return " ".join(error.message.split()) if error and error.message else None
