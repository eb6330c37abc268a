"""From a task to a file for Kubeflow: TFX compiles, the rewrites adapt, the checks refuse what would not run."""

from pathlib import Path
from typing import Any

from tfx.orchestration.pipeline import Pipeline

from components.settings import from_dict
from kubeflow import checks, document
from kubeflow.adaptation import check_nodes, for_kfp, for_vertex
from kubeflow.platform_spec import platform_spec
from kubeflow.spec import Spec
from kubeflow.tfx_compiler import compile_with_tfx
from pipeline import data_source
from pipeline.config import TaskConfig
from pipeline.dag import Places, create_pipeline
from pipeline.data_source import DataSource
from pipeline.kubeflow_order import Order
from pipeline.payload import measure
from pipeline.runner.prepare import check_task

UNKNOWN_FOLDER = Path("/slipway-data")


def answer(arguments: dict[str, Any]) -> dict[str, Any]:
    """Returns `text`, the file, and `parameters`, what can be set at submit time with its type and default."""
    order = Order(**arguments)
    spec, platform = compiled(order)
    found = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    return {"text": document.dump([spec, *([platform] if platform else [])]), "parameters": found}


def compiled(order: Order) -> tuple[Spec, Spec | None]:
    """Returns the PipelineSpec and the platform document, None where there is none.

    Raises:
        UsageError: The configuration is at fault, or the result would be refused or break.
    """
    task = from_dict(TaskConfig, order.config)
    check_task(task)
    source = _source(task)
    stock = compile_with_tfx(_pipeline(task, source, order), order.image)
    check_nodes(stock, task)
    if order.target == "vertex":
        return for_vertex(stock, order, task), None
    spec = for_kfp(stock, order, task, _fingerprint(source))
    platform = platform_spec(task.kubeflow, spec["deploymentSpec"]["executors"])
    checks.require(spec, platform)
    return spec, platform


def _source(task: TaskConfig) -> DataSource:
    """Returns the data as far as they can be seen here; where they cannot, the patterns of the configuration hold."""
    if task.data.path is None:
        return DataSource(UNKNOWN_FOLDER, dict(task.data.splits), {})
    return data_source.find(task.data.path, task.data.splits, task.data.eval_share)


def _fingerprint(source: DataSource) -> str | None:
    payload = measure(source.folder)
    return payload.digest if payload else None


def _pipeline(task: TaskConfig, source: DataSource, order: Order) -> Pipeline:
    return create_pipeline(task, source, Places(order.pipeline_root, order.push_uri))
