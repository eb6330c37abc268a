"""A compiled pipeline run on this machine: KFP's order of things, a process for each step."""

import graphlib
import shutil
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.errors import SlipwayError
from kubeflow import checks
from kubeflow.harness import driver, launcher, parameters
from kubeflow.harness.cache import Cache, key_of
from kubeflow.harness.driver import Json, Outputs
from kubeflow.harness.store import FolderStore
from kubeflow.spec import Spec, component_of, executor_of

SUCCEEDED, CACHED, FAILED, SKIPPED, OMITTED = "SUCCEEDED", "CACHED", "FAILED", "SKIPPED", "OMITTED"
_DONE = (SUCCEEDED, CACHED)
_ALWAYS = "ALL_UPSTREAM_TASKS_COMPLETED"


@dataclass(frozen=True)
class Step:
    """How a task ended.

    Args:
        name: The task.
        state: SUCCEEDED, CACHED, FAILED, SKIPPED where its condition did not hold, or OMITTED where something that it
            waits for did not succeed.
        seconds: How long it took.
        attempts: How often it was started.
        message: What went wrong.
    """

    name: str
    state: str
    seconds: float = 0.0
    attempts: int = 0
    message: str | None = None


Watcher = Callable[[Step], None]


class Run:
    """One run of a compiled pipeline.

    Args:
        spec: The PipelineSpec.
        folder: Keeps the object store, the cache and the runs.
        watch: Hears of every step that has ended.
        backoff: Whether a failed step waits before it is started again, as its retry policy says.

    Raises:
        UsageError: KFP would refuse the file.
    """

    def __init__(self, spec: Spec, folder: Path, watch: Watcher = lambda _: None, backoff: bool = False) -> None:
        checks.require(spec)
        self.id = uuid.uuid4().hex[:12]
        self.steps: dict[str, Step] = {}
        self._spec, self._watch, self._backoff = spec, watch, backoff
        self._store, self._cache = FolderStore(folder / "store"), Cache(folder / "cache")
        self.folder = folder / "runs" / self.id
        root = spec.get("defaultPipelineRoot", "minio://mlpipeline/v2/artifacts").rstrip("/")
        self._root = f"{root}/{spec['pipelineInfo']['name']}/{self.id}"

    def start(self, assignments: Iterable[str] = ()) -> str:
        """Runs everything and returns the final state, SUCCEEDED or FAILED.

        Args:
            assignments: `name=value` for runtime parameters.

        Raises:
            UsageError: A parameter does not exist or has another type.
        """
        return self._dag(self._spec["root"]["dag"], parameters.given(self._spec, assignments))

    def _dag(self, dag: Spec, parents: Json) -> str:
        steps: Spec = dag["tasks"]
        made: dict[str, Outputs] = {}
        states: dict[str, Step] = {}
        for name in _order(steps):
            waits = _upstream(steps[name])
            always = steps[name].get("triggerPolicy", {}).get("strategy") == _ALWAYS
            if not always and any(states[upstream].state not in _DONE for upstream in waits):
                states[name] = self._ended(Step(name, OMITTED))
                continue
            status = _status(self.id, waits, states) if always else None
            states[name], made[name] = self._task(name, steps[name], parents, made, status)
        return FAILED if any(step.state == FAILED for step in states.values()) else SUCCEEDED

    def _task(
        self, name: str, task: Spec, parents: Json, made: dict[str, Outputs], status: Json | None
    ) -> tuple[Step, Outputs]:
        component, start = component_of(self._spec, task), time.monotonic()
        try:
            given = driver.inputs(task, component, parents, made, status)
            if not driver.triggered(task, given):
                return self._ended(Step(name, SKIPPED)), Outputs()
        except SlipwayError as error:
            return self._ended(Step(name, FAILED, message=str(error))), Outputs()
        if "dag" in component:
            state = self._dag(component["dag"], given["parameterValues"])
            return Step(name, state, time.monotonic() - start), Outputs()
        container = executor_of(self._spec, task)["container"]
        key = key_of(container, component, given) if task.get("cachingOptions", {}).get("enableCache") else None
        if key and (found := self._cache.find(key)):
            return self._ended(Step(name, CACHED)), found
        step, outputs = self._attempts(name, task, component, container, given, start)
        if key and step.state == SUCCEEDED:
            self._cache.add(key, outputs)
        return self._ended(step), outputs

    def _attempts(
        self, name: str, task: Spec, component: Spec, container: Spec, given: Json, start: float
    ) -> tuple[Step, Outputs]:
        """Starts a step until it succeeds or may not be started again; each pod begins with empty folders."""
        root = self.folder / "pods" / name
        executor_input = {"inputs": given, "outputs": driver.outputs(name, component, self._root, root)}
        policy = task.get("retryPolicy", {})
        attempts = 1 + int(policy.get("maxRetryCount", 0))
        for attempt in range(1, attempts + 1):
            log = self.folder / "logs" / f"{name}-{attempt}.txt"
            try:
                outputs = launcher.launch(container, executor_input, self._store, root, log)
                return Step(name, SUCCEEDED, time.monotonic() - start, attempt), outputs
            except SlipwayError as error:
                message = str(error)
            finally:
                shutil.rmtree(root, ignore_errors=True)
            if self._backoff and attempt < attempts:
                time.sleep(_seconds(policy) * float(policy.get("backoffFactor", 1)) ** (attempt - 1))
        return Step(name, FAILED, time.monotonic() - start, attempts, message), Outputs()

    def _ended(self, step: Step) -> Step:
        self.steps[step.name] = step
        self._watch(step)
        return step


def _seconds(policy: Json) -> float:
    return float(str(policy.get("backoffDuration", "0s")).removesuffix("s"))


def _upstream(task: Spec) -> list[str]:
    sources: list[dict[str, Any]] = [
        value
        for kind in ("artifacts", "parameters")
        for source in task.get("inputs", {}).get(kind, {}).values()
        for value in source.values()
        if isinstance(value, dict)
    ]
    return sorted({*task.get("dependentTasks", ()), *(str(s["producerTask"]) for s in sources if "producerTask" in s)})


def _order(steps: Spec) -> list[str]:
    return list(graphlib.TopologicalSorter({name: _upstream(steps[name]) for name in sorted(steps)}).static_order())


def _status(run_id: str, waits: list[str], states: dict[str, Step]) -> Json:
    """Returns KFP's PipelineTaskFinalStatus of what a task waits for."""
    failed = [step for step in (states[name] for name in waits) if step.state not in _DONE]
    status: Json = {"state": FAILED if failed else SUCCEEDED, "pipelineJobResourceName": run_id}
    status["pipelineTaskName"] = waits[0] if waits else ""
    return {**status, "error": {"message": f"{failed[0].name} did not succeed"}} if failed else status
