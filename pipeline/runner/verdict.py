"""What a run came to: reads the results of Tuner, Evaluator and Pusher, tells the person, and gives the outcome."""

import json
from pathlib import Path

from components import progress
from components.errors import NotBlessed
from pipeline import evaluation
from pipeline.config import TaskConfig
from pipeline.runner.nodes import NodeResult

TUNER = "Tuner"
EVALUATOR = "Evaluator"
PUSHER = "Pusher"


class Verdict:
    """Collects the results of a run's nodes.

    Args:
        task: The task that runs; its thresholds are shown beside the values.
    """

    def __init__(self, task: TaskConfig) -> None:
        self._task = task
        self._results: dict[str, NodeResult] = {}

    def add(self, node_id: str, result: NodeResult) -> None:
        """Takes a node's result and reports the trials, the evaluation or the pushed version that it holds."""
        self._results[node_id] = result
        if node_id == TUNER:
            self._report_trials(result)
        if node_id == EVALUATOR:
            self._report_evaluation(result)
        if node_id == PUSHER:
            self._report_push(result)

    def outcome(self) -> str:
        """Returns `pushed` or `up_to_date`.

        Raises:
            NotBlessed: The Evaluator did not bless the model, so that nothing was pushed.
        """
        evaluated = self._results.get(EVALUATOR)
        if evaluated and not self._is_blessed(evaluated):
            raise self._refusal(evaluated)
        new = any(not result.cached for node_id, result in self._results.items() if node_id == PUSHER)
        return "pushed" if new else "up_to_date"

    def _report_trials(self, result: NodeResult) -> None:
        [file] = Path(_uri(result, "tuner_results")).iterdir()
        metric = self._task.training.callbacks.monitor
        rows = [
            {"trial": int(trial.pop("trial_id")) + 1, "metric": metric, "value": trial.pop("score")}
            | {"hyperparameters": {key: value for key, value in trial.items() if not key.startswith("tuner/")}}
            for trial in json.loads(file.read_text())
        ]
        progress.emit("tuned", rows=rows)

    def _report_evaluation(self, result: NodeResult) -> None:
        rows = evaluation.rows(_uri(result, "evaluation"), self._task.evaluation)
        progress.emit("evaluation", rows=rows, blessed=self._is_blessed(result))

    def _report_push(self, result: NodeResult) -> None:
        pushed = result.outputs["pushed_model"][0]
        if pushed.get_int_custom_property("pushed"):
            path = pushed.get_string_custom_property("pushed_destination")
            progress.emit("pushed", version=Path(path).name, path=path)

    @staticmethod
    def _is_blessed(result: NodeResult) -> bool:
        return bool(result.outputs["blessing"][0].get_int_custom_property("blessed"))

    def _refusal(self, result: NodeResult) -> NotBlessed:
        rows = evaluation.rows(_uri(result, "evaluation"), self._task.evaluation)
        missed = [f"{row['metric']}={row['value']:.4f}" for row in rows if row["passed"] is False]
        if not missed:
            return NotBlessed(
                "A model is pushed when it meets its thresholds.",
                received="no threshold",
                fix="Give one, such as --set evaluation.thresholds.AUC.lower=0.8.",
            )
        return NotBlessed(
            "A model is pushed when it meets its thresholds.",
            received=", ".join(missed),
            fix="Nothing was pushed; what was served before still is.",
        )


def _uri(result: NodeResult, key: str) -> str:
    return str(result.outputs[key][0].uri)
