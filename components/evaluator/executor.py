"""TFX's executor of the Evaluator, and the verdict on what it has found."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

from tfx import types
from tfx.components.evaluator import constants, executor
from tfx.types import artifact_utils

from components import op_error
from components.errors import SlipwayError
from components.evaluator import plots
from components.evaluator import verdict as verdicts
from components.evaluator.config import EvaluationConfig
from components.evaluator.judge import judge
from components.evaluator.plotted import plotted
from components.evaluator.verdict import Verdict
from components.settings import from_dict

Artifacts = dict[str, list[types.Artifact]]

_BASELINE = "baseline_model"


class Executor(executor.Executor):
    """Evaluates as TFX does, through TFMA; then blesses, or not, and says why.

    TFX comes to no verdict at all where no threshold is given, or where each is on the change and there is no baseline.
    A baseline that cannot take these examples ends it with an error.
    """

    def Do(  # noqa: N802 (TFX's name)
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """See the base class."""
        config = from_dict(EvaluationConfig, json.loads(exec_properties["evaluation"]))
        evaluation = artifact_utils.get_single_uri(output_dict["evaluation"])
        uncompared = self._evaluate(input_dict, output_dict, exec_properties)
        verdict = verdicts.decide(judge(evaluation, config), exec_properties.get("force_bless"), uncompared)
        verdicts.write(verdict, evaluation)
        plots.write(plotted(evaluation, config), Path(evaluation))
        compared = input_dict if uncompared is None else _without_baseline(input_dict)
        _bless(artifact_utils.get_single_instance(output_dict["blessing"]), compared, verdict)

    def _evaluate(self, inputs: Artifacts, outputs: Artifacts, exec_properties: dict[str, Any]) -> str | None:
        """Lets TFX evaluate; returns why it was done without the baseline, None if that was not so."""
        try:
            super().Do(inputs, outputs, exec_properties)
            return None
        except SlipwayError:
            raise
        except Exception as error:
            if not inputs.get(_BASELINE):
                raise
            logging.warning("The comparison with the baseline failed.", exc_info=True)
            reason = _in_a_line(error)
        for output in outputs.values():
            _empty(Path(artifact_utils.get_single_uri(output)))
        # Outside the handler: what goes wrong now has nothing to do with the baseline.
        super().Do(_without_baseline(inputs), outputs, exec_properties)
        return reason


def _without_baseline(inputs: Artifacts) -> Artifacts:
    return {key: artifacts for key, artifacts in inputs.items() if key != _BASELINE}


def _in_a_line(error: BaseException) -> str:
    """Returns what is wrong with the baseline, in the words of the operation that failed if there is one."""
    return f"the baseline cannot take these examples: {op_error.gist(str(op_error.culprit(error))) or 'no message'}"


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _bless(blessing: types.Artifact, inputs: Artifacts, verdict: Verdict) -> None:
    """Writes the blessing as TFX does, in place of the one that TFX may have written."""
    names = {True: constants.BLESSED_FILE_NAME, False: constants.NOT_BLESSED_FILE_NAME}
    folder = Path(blessing.uri)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[not verdict.blessed]).unlink(missing_ok=True)
    (folder / names[verdict.blessed]).touch()
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, int(verdict.blessed))
    blessing.set_string_custom_property("reason", verdict.reason)
    if verdict.forced:
        blessing.set_string_custom_property(verdicts.FORCED_PROPERTY, verdict.forced)
    models = {
        "model": (
            constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY,
            constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY,
        ),
        _BASELINE: (
            constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY,
            constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY,
        ),
    }
    for key, (uri, number) in models.items():
        for model in inputs.get(key, ()):
            blessing.set_string_custom_property(uri, model.uri)
            blessing.set_int_custom_property(number, model.id)
