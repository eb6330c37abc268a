"""What TFX compiles, adapted to what runs it: the rewrites in their order, for each target."""

import json

from components.errors import UsageError, did_you_mean
from kubeflow.rewrite import (
    artifact_types,
    caching,
    commands,
    conditions,
    exit_handler,
    names,
    parameters,
    project_paths,
    resolvers,
    resources,
    retries,
    runtime_parameters,
)
from kubeflow.spec import Spec, tasks
from kubeflow.stock import Stock
from pipeline.config import TaskConfig
from pipeline.kubeflow_code import PROJECT
from pipeline.kubeflow_order import Order


def check_nodes(stock: Stock, task: TaskConfig) -> None:
    """Raises a UsageError if the task's configuration is about a node that the pipeline does not have."""
    known = {*(name for name, _ in tasks(stock.spec)), exit_handler.HANDLER}
    for name in task.kubeflow.nodes:
        if name not in known:
            raise UsageError(
                "Each of `kubeflow.nodes` must be a node of the pipeline.", received=name, fix=did_you_mean(name, known)
            )


def for_vertex(stock: Stock, order: Order, task: TaskConfig) -> Spec:
    """Returns what TFX compiles with its bugs mended; Vertex supplies types, ExampleGen's driver and resolvers."""
    spec = _mended(stock, order, task)
    spec = commands.with_entrypoint(spec, stock.classes, _told(task, "native"), driver_in_step=False)
    return commands.with_inputs_spec(spec)


def for_kfp(stock: Stock, order: Order, task: TaskConfig, fingerprint: str | None) -> Spec:
    """Returns what the open-source KFP runs.

    Args:
        stock: What TFX compiles.
        order: What is compiled.
        task: The task.
        fingerprint: That of the data; None never caches the step that reads them.
    """
    spec = artifact_types.titles(_mended(stock, order, task, fingerprint))
    if fingerprint is None:
        spec = caching.uncached_data(spec)
    kept = [f"--checkpoints={task.kubeflow.checkpoints}"] if task.kubeflow.checkpoints else []
    records = task.kubeflow.records_of(task.name)
    recorded = [f"--records={records}"] if records else []
    told = [*_told(task, "local"), *kept, *recorded]
    known = stock.components if records else None
    spec = commands.with_entrypoint(spec, stock.classes, told, components=known)
    if order.baseline == "pointer":
        spec = resolvers.with_pointer(spec, order.image, runtime_parameters.PUSH, recorded)
    else:
        spec = resolvers.without_resolvers(spec)
    spec = conditions.gated(spec)
    if runtime_parameters.PUSH in spec["root"]["inputDefinitions"]["parameters"]:
        options = _sink(spec, stock, task, recorded)
        spec = exit_handler.with_exit_handler(spec, order.image, runtime_parameters.PUSH, options)
    spec = retries.with_retries(spec, task.kubeflow.retries_of)
    return names.renamed(commands.with_inputs_spec(spec))


def _mended(stock: Stock, order: Order, task: TaskConfig, fingerprint: str | None = None) -> Spec:
    """Returns the specification with what is wrong for either target mended."""
    spec = parameters.with_producers(parameters.with_defaults(stock.spec, stock.defaults))
    spec = project_paths.relative(conditions.with_known_keys(spec), PROJECT)
    found = runtime_parameters.bindings(spec, order.data_uri, fingerprint)
    spec = resources.with_resources(runtime_parameters.parametrized(spec, found), task.kubeflow.of)
    return {**spec, "defaultPipelineRoot": order.pipeline_root}


def _sink(spec: Spec, stock: Stock, task: TaskConfig, recorded: list[str]) -> list[str]:
    """Returns what the exit handler is told to write the run into a metadata store; nothing where it does not."""
    if not recorded:
        return []
    there = {name for name, _ in tasks(spec)}
    nodes = {name: kind for name, kind in stock.components.items() if name in there}
    return [*recorded, f"--metadata={task.kubeflow.metadata}", f"--nodes={json.dumps(nodes, sort_keys=True)}"]


def _told(task: TaskConfig, uris: str) -> list[str]:
    """Returns what every step is told beside TFX's own arguments."""
    return [f"--pipeline={task.name}", f"--uris={uris}"]
