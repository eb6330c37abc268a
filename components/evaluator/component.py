"""TFX's Evaluator with the project's executor."""

import json

from tfx import types
from tfx.components.evaluator import component
from tfx.dsl.components.base import executor_spec

from components.evaluator.config import EvaluationConfig
from components.evaluator.eval_config import eval_config
from components.evaluator.executor import Executor
from components.settings import to_dict


class Evaluator(component.Evaluator):
    """TFX's Evaluator, which always comes to a verdict and says why.

    Args:
        examples: Raw examples.
        model: The model that is judged.
        baseline_model: The model that it has to be better than, if there is one.
        schema: The schema of the examples.
        config: Metrics, slices and thresholds.
        force_bless: A person's reason to bless the model even if it misses its thresholds.

    Outputs:
        evaluation: What TFMA writes, and `verdict.json`.
        blessing: Custom properties `blessed`, `reason` and, of a model that misses its thresholds and was blessed all
            the same, `force_bless_reason`.
    """

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        model: types.BaseChannel,
        baseline_model: types.BaseChannel,
        schema: types.BaseChannel,
        config: EvaluationConfig,
        force_bless: str | None = None,
    ) -> None:
        super().__init__(
            examples=examples,
            model=model,
            baseline_model=baseline_model,
            schema=schema,
            eval_config=eval_config(config),
            example_splits=[config.split],
        )
        self.exec_properties["evaluation"] = json.dumps(to_dict(config), sort_keys=True)
        # Only where there is one: a run without it is cached whether or not another had one.
        if force_bless:
            self.exec_properties["force_bless"] = force_bless
