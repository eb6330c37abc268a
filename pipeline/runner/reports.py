"""What the results of some nodes come to: told to the person, and to the process that decides on the run's outcome."""

import json
from pathlib import Path
from typing import Any

from components import progress
from components.evaluator import verdict
from components.serving_check import result as check
from pipeline.config import TaskConfig
from pipeline.runner.nodes import NodeResult

TUNER = "Tuner"
EVALUATOR = "Evaluator"
SERVING_CHECK = "ServingCheck"
PUSHER = "Pusher"


def report(node: str, result: NodeResult, task: TaskConfig) -> dict[str, Any]:
    """Tells the person the trials, the evaluation, the serving check or the pushed version that a node's result holds.

    Args:
        node: The node's id.
        result: How it ended; of a cached one too, everything is told.
        task: The task that runs.

    Returns:
        Of a node that blesses, `refusal`: why the model was not blessed, None if it was. Of the Pusher `pushed_to`, the
        folder of the version; None if nothing was pushed. Of others nothing.
    """
    if node == TUNER:
        _report_trials(result, task)
    if node == EVALUATOR:
        return {"refusal": _report_evaluation(result)}
    if node == SERVING_CHECK:
        return {"refusal": _report_serving_check(result)}
    return {"pushed_to": _report_push(result)} if node == PUSHER else {}


def _report_trials(result: NodeResult, task: TaskConfig) -> None:
    [file] = Path(_uri(result, "tuner_results")).iterdir()
    metric = task.training.callbacks.monitor
    rows = [
        {"trial": int(trial.pop("trial_id")) + 1, "metric": metric, "value": trial.pop("score")}
        | {"hyperparameters": {key: value for key, value in trial.items() if not key.startswith("tuner/")}}
        for trial in json.loads(file.read_text())
    ]
    progress.emit("tuned", rows=rows)


def _report_evaluation(result: NodeResult) -> str | None:
    found = verdict.read(_uri(result, "evaluation"))
    progress.emit("evaluation", **verdict.as_event(found))
    return None if found.blessed else found.reason


def _report_serving_check(result: NodeResult) -> str | None:
    found = check.read(_uri(result, "blessing"))
    progress.emit("serving_check", rows=found.as_dicts(), passed=found.passed)
    return None if found.passed else f"ServingCheck: {found.reason}"


def _report_push(result: NodeResult) -> str | None:
    pushed = result.outputs["pushed_model"][0]
    if not pushed.get_int_custom_property("pushed"):
        return None
    path = str(pushed.get_string_custom_property("pushed_destination"))
    progress.emit("pushed", version=Path(path).name, path=path)
    return path


def _uri(result: NodeResult, key: str) -> str:
    return str(result.outputs[key][0].uri)
