"""TFX's compiler for Kubeflow."""

from typing import Any

from tfx.orchestration.data_types import RuntimeParameter
from tfx.orchestration.kubeflow.v2 import compiler_utils, kubeflow_v2_dag_runner
from tfx.orchestration.pipeline import Pipeline
from tfx.utils import name_utils

from kubeflow.stock import Stock


def compile_with_tfx(pipeline: Pipeline, image: str, schema_2_1: bool = True) -> Stock:
    """Compiles a pipeline as TFX does.

    Args:
        pipeline: The pipeline.
        image: The image of its steps.
        schema_2_1: Whether in schema 2.1, which both targets read, instead of TFX's default.
    """
    config = kubeflow_v2_dag_runner.KubeflowV2DagRunnerConfig(default_image=image, use_pipeline_spec_2_1=schema_2_1)
    job = kubeflow_v2_dag_runner.KubeflowV2DagRunner(config).run(pipeline, write_out=False)
    components = {node.id: node.type for node in pipeline.components}
    return Stock(job, _defaults(pipeline), _classes(pipeline), components)


def _defaults(pipeline: Pipeline) -> dict[str, Any]:
    values = [value for node in pipeline.components for value in node.exec_properties.values()]
    return {value.name: value.default for value in values if isinstance(value, RuntimeParameter)}


def _classes(pipeline: Pipeline) -> dict[str, str]:
    channels = [channel for node in pipeline.components for channel in (*node.inputs.values(), *node.outputs.values())]
    kinds = {channel.type for channel in channels}
    known = set(compiler_utils.TITLE_TO_CLASS_PATH.values())
    paths = {kind.TYPE_NAME: name_utils.get_full_name(kind) for kind in kinds}
    return {title: path for title, path in sorted(paths.items()) if path not in known}
