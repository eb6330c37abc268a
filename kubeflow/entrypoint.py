"""The command of every step that is a TFX component.

    python -m pipeline.kubeflow_code entrypoint --executor_class_path ... --json_serialized_invocation_args ...

Takes TFX's arguments and a few more. On KFP it opens no URI and needs no network: the launcher has put the inputs where
it reads, and takes the outputs from where it writes.
"""

import argparse
import hashlib
import json
import logging
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from tfx.dsl.components.base import base_beam_executor, base_executor
from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_entrypoint_utils as tfx_utils
from tfx.orchestration.portable import outputs_utils
from tfx.proto.orchestration import pipeline_pb2
from tfx.types import Artifact, artifact_utils, standard_artifacts
from tfx.utils import import_utils

from kubeflow.rewrite.caching import FINGERPRINT
from kubeflow.rewrite.runtime_parameters import INSIDE
from kubeflow.step import example_gen, executor_input, executor_output, pushing
from kubeflow.step.record import StepRecord
from pipeline.kubeflow_code import PROJECT
from pipeline.runner.failure import as_error, interrupt
from pipeline.terminal import print_error

Artifacts = dict[str, list[Artifact]]

_UNFINISHED = ".unfinished"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a step and returns its exit code: that of the error, with one line about it on standard error."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGTERM, interrupt)
    options, beam_args = _parser().parse_known_args(arguments)
    # Files of the project are named by their place in it.
    os.chdir(PROJECT)
    try:
        run(options, beam_args)
    except Exception as error:  # noqa: BLE001 (whatever it was, the pod's log ends with one line)
        known = as_error(error, options.node)
        print_error(str(known), traceback.format_exc())
        return known.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--executor_class_path", required=True)
    parser.add_argument("--json_serialized_invocation_args", required=True, type=json.loads)
    parser.add_argument("--json_serialized_inputs_spec_args", required=True, type=json.loads)
    parser.add_argument("--node", required=True)
    parser.add_argument("--pipeline", required=True)
    parser.add_argument("--uris", choices=["local", "native"], default="local")
    parser.add_argument("--artifact_classes", default={}, type=json.loads)
    parser.add_argument("--run_driver", action="store_true")
    parser.add_argument("--checkpoints")
    parser.add_argument("--records")
    parser.add_argument("--component", default="")
    parser.add_argument("--publish", action="append", default=[], type=json.loads)
    return parser


def run(options: argparse.Namespace, beam_args: Sequence[str]) -> None:
    """Runs the executor between KFP's input and output."""
    local, inputs_spec = options.uris == "local", options.json_serialized_inputs_spec_args
    given = executor_input.adapted(
        options.json_serialized_invocation_args, inputs_spec, options.artifact_classes, local
    )
    message = json_format.ParseDict(given, pipeline_spec_pb2.ExecutorInput(), ignore_unknown_fields=True)
    names: dict[int, str] = {}
    inputs: Artifacts = tfx_utils.parse_raw_artifact_dict(message.inputs.artifacts, names)
    outputs: Artifacts = tfx_utils.parse_raw_artifact_dict(message.outputs.artifacts, names)
    record = StepRecord(options.records, options.node, options.component, options.json_serialized_invocation_args)
    offered = pushing.offered(options.publish, inputs, record.input_uris)
    record.properties = exec_properties(message, inputs_spec)
    with record.kept(inputs, outputs):
        _produce(options, list(beam_args), inputs, outputs, record, bool(offered))
        outputs_utils.tag_output_artifacts_with_version(outputs)
        _name_models(outputs, names)
        output = executor_output.executor_output(outputs, message.outputs.parameters, names, local)
        pushing.publish(offered, outputs)
    executor_output.write(message.outputs.output_file, output)


def _produce(
    options: argparse.Namespace,
    beam_args: list[str],
    inputs: Artifacts,
    outputs: Artifacts,
    record: StepRecord,
    pushes: bool,
) -> None:
    """Runs the executor, unless it would push what has been pushed."""
    outputs_utils.make_output_dirs(outputs)
    if options.run_driver:
        examples = artifact_utils.get_single_instance(outputs["examples"])
        record.properties = example_gen.drive(record.properties, examples)
    if options.checkpoints:
        keep_checkpoints(outputs, Path(options.checkpoints) / options.pipeline)
    if not (pushes and pushing.up_to_date(inputs, outputs, record.properties)):
        _execute(options, beam_args, inputs, outputs, record.properties)


def _execute(
    options: argparse.Namespace,
    beam_args: list[str],
    inputs: Artifacts,
    outputs: Artifacts,
    properties: dict[str, Any],
) -> None:
    executor_class = import_utils.import_class_by_path(options.executor_class_path)
    with tempfile.TemporaryDirectory(prefix="slipway-step-") as temporary:
        context = _context(executor_class, options.pipeline, outputs, beam_args, temporary)
        executor_class(context).Do(inputs, outputs, properties)


def _name_models(outputs: Artifacts, names: dict[int, str]) -> None:
    """Lets the Evaluator's blessing name models as the orchestrator does, as TFX's own entry point does."""
    for blessing in outputs.get("blessing", ()):
        if isinstance(blessing, standard_artifacts.ModelBlessing):
            tfx_utils.refactor_model_blessing(blessing, names)


def exec_properties(message: Any, inputs_spec: dict[str, Any]) -> dict[str, Any]:
    """Returns the execution's properties, without those that only stood inside others or in the cache key."""
    spec = json_format.ParseDict(inputs_spec, pipeline_spec_pb2.ComponentInputsSpec(), ignore_unknown_fields=True)
    found = tfx_utils.parse_execution_properties(message.inputs.parameter_values, message.inputs.parameters, spec)
    return {key: value for key, value in found.items() if key != FINGERPRINT and not key.startswith(INSIDE)}


def _context(
    executor_class: type, pipeline: str, outputs: Artifacts, beam_args: list[str], temporary: str
) -> base_executor.BaseExecutor.Context:
    """Returns what TFX's launcher would tell the executor; its own entry point tells less."""
    # <root>/<pipeline>/<run>/<task>/<uuid>/<key>
    uris = [artifact.uri for artifacts in outputs.values() for artifact in artifacts]
    place = uris[0].split("/") if uris else []
    number = int(hashlib.sha256("/".join(place[:-1]).encode()).hexdigest()[:15], 16)
    told = {
        "tmp_dir": temporary,
        "unique_id": str(number),
        "pipeline_info": pipeline_pb2.PipelineInfo(id=pipeline),
        "pipeline_run_id": "".join(place[-4:-3]),
    }
    if issubclass(executor_class, base_beam_executor.BaseBeamExecutor):
        return base_beam_executor.BaseBeamExecutor.Context(beam_pipeline_args=beam_args, **told)
    return base_executor.BaseExecutor.Context(extra_flags=beam_args, **told)


def keep_checkpoints(outputs: Artifacts, folder: Path) -> None:
    """Lets a training keep its state in a folder that outlives the pod.

    The Trainer keeps it beside its outputs (`components/trainer/checkpoint.py`), which a pod loses; there, a link leads
    to the folder.
    """
    for run_folder in outputs.get("model_run", ()):
        beside = Path(run_folder.uri).parent.parent / _UNFINISHED
        own = folder / hashlib.sha256(str(beside).encode()).hexdigest()[:16]
        own.mkdir(parents=True, exist_ok=True)
        if not beside.is_symlink():
            beside.symlink_to(own, target_is_directory=True)


if __name__ == "__main__":
    sys.exit(main())
