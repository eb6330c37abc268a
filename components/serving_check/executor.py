"""What ServingCheck does: copy the model, ask the copy, write the blessing."""

import logging
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils, json_utils, path_utils

from components import tensors
from components.reference_predictions import SPLIT, ReferencePredictions, first_rows
from components.serving_check import cases
from components.serving_check.cases import Case
from components.serving_check.checks import check
from components.serving_check.config import ServingCheckConfig
from components.serving_check.expected import Expected
from components.serving_check.process import CleanProcess
from components.serving_check.result import Check, Result
from components.serving_check.server import ask_server
from components.settings import from_dict
from components.trainer import raw_features
from components.trainer.raw_features import RawFeature

_SECONDS_OF_TIMING = 5.0


class Executor(base_executor.BaseExecutor):
    """Blesses a model that keeps all rules; one that does not is no failure of the component."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """See the base class."""
        config = from_dict(ServingCheckConfig, json_utils.loads(exec_properties["config"]))
        model = artifact_utils.get_single_instance(input_dict["model"])
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        with tempfile.TemporaryDirectory(dir=self._get_tmp_dir() if self._context else None) as folder:
            # The home may be a relative path, but the process has another working folder.
            scratch = Path(folder).resolve()
            work = scratch / "process"
            work.mkdir()
            # TensorFlow takes seconds to import there, in which everything else is made ready here.
            with CleanProcess(work) as process:
                asked, expected = _prepare(input_dict, json_utils.loads(exec_properties["labels"]), config)
                copy = scratch / "elsewhere" / "1"
                shutil.copytree(path_utils.serving_model_path(model.uri), copy)
                rows = _ask(process, copy, asked, expected, config)
            result = Result(tuple(rows))
        _bless(blessing, result)


def _prepare(
    inputs: dict[str, list[types.Artifact]], labels: Sequence[str], config: ServingCheckConfig
) -> tuple[list[Case], Expected]:
    """Returns what to send, and what should come back."""
    schema = io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(artifact_utils.get_single_uri(inputs["schema"])))
    features = raw_features.read(schema, *labels)
    rows = first_rows(artifact_utils.get_split_uris(inputs["examples"], SPLIT), config.examples)
    reference = ReferencePredictions.read(Path(artifact_utils.get_single_uri(inputs["model"])))
    return cases.build(rows, schema, features, config.missing), Expected(features, reference, config.tolerance)


def _ask(
    process: CleanProcess, model: Path, asked: Sequence[Case], expected: Expected, config: ServingCheckConfig
) -> list[Check]:
    request = questions(model, asked, expected.features, config.calls)
    rows = check(process.ask(request, config.timeout_s), asked, expected, config)
    return [*rows, *ask_server(model, asked, expected, config, usable=Result(tuple(rows)).passed)]


def questions(model: Path, asked: Sequence[Case], features: Mapping[str, RawFeature], calls: int) -> dict[str, Any]:
    """Returns what the clean process is asked: each case at each signature, predictions of one row again and again."""
    return {
        "model": str(model),
        "calls": calls,
        "seconds": _SECONDS_OF_TIMING,
        "questions": [
            {
                "signature": signature,
                "case": case.name,
                "timed": case.name == cases.SINGLE and signature != cases.FEATURES,
                "inputs": tensors.encode(case.inputs(signature, features)),
            }
            for case in asked
            for signature in cases.SIGNATURES
        ],
    }


def _bless(blessing: types.Artifact, result: Result) -> None:
    """Writes what InfraValidator writes, and why."""
    folder = Path(blessing.uri)
    result.write(folder)
    (folder / ("INFRA_BLESSED" if result.passed else "INFRA_NOT_BLESSED")).touch()
    blessing.set_int_custom_property("blessed", int(result.passed))
    if result.reason:
        blessing.set_string_custom_property("reason", result.reason)
    logging.info("ServingCheck: %s", result.reason or "blessed")
