"""A compiled pipeline run on this machine: KFP's order of things, a process for each step."""

import graphlib
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from components.errors import SlipwayError
from kubeflow import checks
from kubeflow.harness import driver, launcher, parameters
from kubeflow.harness.cache import Cache, key_of
from kubeflow.harness.driver import Json, Outputs
from kubeflow.harness.folder_store import FolderStore
from kubeflow.harness.process import Processes, Starter
from kubeflow.harness.step import CACHED, DONE, FAILED, OMITTED, RUNNING, SKIPPED, SUCCEEDED, Step
from kubeflow.harness.store import Store
from kubeflow.spec import Spec, component_of, executor_of

_ALWAYS = "ALL_UPSTREAM_TASKS_COMPLETED"
_DEFAULT_ROOT = "minio://mlpipeline/v2/artifacts"

Watcher = Callable[[Step], None]


def root_of(spec: Spec) -> str:
    """Returns the pipeline root; without one, KFP's own."""
    return str(spec.get("defaultPipelineRoot", _DEFAULT_ROOT)).rstrip("/")


class Run:
    """One run of a compiled pipeline.

    Args:
        spec: The PipelineSpec.
        folder: Keeps the cache, the runs, and the artifacts where no other store does.
        watch: Hears of every step that begins or has ended, of one at a time.
        backoff: Whether a failed step waits before it is started again, as its retry policy says.
        start: How a step's command is run; a process of this machine unless said otherwise.
        store: Keeps the artifacts; by default a folder.
        jobs: How many steps run at the same time at most.
        checked: Whether a file that KFP would refuse is refused.

    Raises:
        UsageError: KFP would refuse the file.
    """

    def __init__(
        self,
        spec: Spec,
        folder: Path,
        watch: Watcher = lambda _: None,
        backoff: bool = False,
        start: Starter | None = None,
        store: Store | None = None,
        jobs: int = 2,
        checked: bool = True,
    ) -> None:
        if checked:
            checks.require(spec)
        self.id = uuid.uuid4().hex[:12]
        self.steps: dict[str, Step] = {}
        self.folder = folder / "runs" / self.id
        self._spec, self._watch, self._backoff = spec, watch, backoff
        self._processes = Processes()
        self._start = start or self._processes
        self._store, self._cache = store or FolderStore(folder / "store"), Cache(folder / "cache")
        self._root = f"{root_of(spec)}/{spec['pipelineInfo']['name']}/{self.id}"
        self._slots, self._lock, self._stopped = threading.Semaphore(jobs), threading.Lock(), threading.Event()

    def start(self, assignments: Iterable[str] = ()) -> str:
        """Runs everything and returns the final state, SUCCEEDED or FAILED.

        Args:
            assignments: `name=value` for runtime parameters.

        Raises:
            UsageError: A parameter does not exist or has another type.
        """
        return self._dag(self._spec["root"]["dag"], parameters.given(self._spec, assignments))

    def stop(self) -> None:
        """Lets what runs end, and nothing begin any more."""
        self._stopped.set()
        self._processes.stop()

    def _dag(self, dag: Spec, parents: Json) -> str:
        """Runs the tasks of a DAG as soon as what they wait for has ended, as Argo does."""
        tasks: Spec = dag["tasks"]
        made: dict[str, Outputs] = {}
        states: dict[str, Step] = {}
        order = graphlib.TopologicalSorter({name: _upstream(tasks[name]) for name in sorted(tasks)})
        order.prepare()
        with ThreadPoolExecutor(len(tasks)) as pool:
            running: dict[Future[tuple[Step, Outputs]], str] = {}
            try:
                while order.is_active():
                    for name in order.get_ready():
                        running[pool.submit(self._task, name, tasks[name], parents, dict(made), dict(states))] = name
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        name = running.pop(future)
                        states[name], made[name] = future.result()
                        order.done(name)
            except BaseException:
                self.stop()
                raise
        return FAILED if any(step.state == FAILED for step in states.values()) else SUCCEEDED

    def _task(
        self, name: str, task: Spec, parents: Json, made: dict[str, Outputs], states: dict[str, Step]
    ) -> tuple[Step, Outputs]:
        always = task.get("triggerPolicy", {}).get("strategy") == _ALWAYS
        waits = _upstream(task)
        if self._stopped.is_set() or not (always or all(states[upstream].state in DONE for upstream in waits)):
            return self._told(Step(name, OMITTED)), Outputs()
        status = _status(self.id, waits, states) if always else None
        component = component_of(self._spec, task)
        try:
            given = driver.inputs(task, component, parents, made, self.id, status)
            if not driver.triggered(task, given):
                return self._told(Step(name, SKIPPED)), Outputs()
        except SlipwayError as error:
            return self._told(Step(name, FAILED, message=str(error))), Outputs()
        if "dag" in component:
            return Step(name, self._dag(component["dag"], given["parameterValues"])), Outputs()
        return self._container(name, task, component, given)

    def _container(self, name: str, task: Spec, component: Spec, given: Json) -> tuple[Step, Outputs]:
        """Takes from the cache what an earlier step has made, or runs the step."""
        container = executor_of(self._spec, task)["container"]
        key = None
        if task.get("cachingOptions", {}).get("enableCache"):
            key = key_of(self._spec["pipelineInfo"]["name"], container, component, given)
        if key and (found := self._cache.find(key)):
            return self._told(Step(name, CACHED)), found
        step, outputs = self._attempts(name, task, component, container, given)
        if key and step.state == SUCCEEDED:
            self._cache.add(key, outputs)
        return self._told(step), outputs

    def _attempts(self, name: str, task: Spec, component: Spec, container: Spec, given: Json) -> tuple[Step, Outputs]:
        """Starts a step until it succeeds or may not be started again; each pod begins with empty folders."""
        root = self.folder / "pods" / name
        executor_input = {"inputs": given, "outputs": driver.outputs(name, component, self._root, root)}
        policy = task.get("retryPolicy", {})
        attempts, seconds = 1 + int(policy.get("maxRetryCount", 0)), 0.0
        for attempt in range(1, attempts + 1):
            with self._slots:
                self._told(Step(name, RUNNING, seconds, attempt))
                start, log = time.monotonic(), self.folder / "logs" / f"{name}-{attempt}.txt"
                try:
                    outputs = launcher.launch(container, executor_input, self._store, root, log, self._start)
                    return Step(name, SUCCEEDED, seconds + time.monotonic() - start, attempt), outputs
                except SlipwayError as error:
                    failure = error
                finally:
                    shutil.rmtree(root, ignore_errors=True)
                seconds += time.monotonic() - start
            if self._stopped.is_set() or attempt == attempts:
                break
            self._stopped.wait(wait_before(policy, attempt) if self._backoff else 0)
        said = (failure.status, failure.last_line) if isinstance(failure, launcher.StepFailed) else ()
        return Step(name, FAILED, seconds, attempt, str(failure), *said), Outputs()

    def _told(self, step: Step) -> Step:
        with self._lock:
            self.steps[step.name] = step
            self._watch(step)
        return step


def wait_before(policy: Json, attempt: int) -> float:
    """Returns the seconds that a step's retry policy puts between an attempt, counted from 1, and the next one.

    Example:
        >>> policy = {"backoffDuration": "30s", "backoffFactor": 2.0, "backoffMaxDuration": "100s"}
        >>> [wait_before(policy, attempt) for attempt in (1, 2, 3)]
        [30.0, 60.0, 100.0]
    """
    wanted = _seconds(policy.get("backoffDuration", "0s")) * float(policy.get("backoffFactor", 1)) ** (attempt - 1)
    return min(wanted, _seconds(policy["backoffMaxDuration"])) if "backoffMaxDuration" in policy else wanted


def _seconds(duration: str) -> float:
    return float(duration.removesuffix("s"))


def _upstream(task: Spec) -> list[str]:
    sources: list[dict[str, Any]] = [
        value
        for kind in ("artifacts", "parameters")
        for source in task.get("inputs", {}).get(kind, {}).values()
        for value in source.values()
        if isinstance(value, dict)
    ]
    return sorted({*task.get("dependentTasks", ()), *(str(s["producerTask"]) for s in sources if "producerTask" in s)})


def _status(run_id: str, waits: list[str], states: dict[str, Step]) -> Json:
    """Returns KFP's PipelineTaskFinalStatus of what a task waits for (KFP/v2/driver/resolve.go:203)."""
    failed = [step for step in (states[name] for name in waits) if step.state not in DONE]
    status: Json = {"state": FAILED if failed else SUCCEEDED, "pipelineJobResourceName": run_id}
    status["pipelineTaskName"] = waits[0] if waits else ""
    return {**status, "error": {"message": f"{failed[0].name} did not succeed"}} if failed else status
