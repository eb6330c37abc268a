"""What is different between runs: the parameters of their nodes, the data, the code, the libraries, the schema."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.lineage.graph import Links
from pipeline.lineage.records import Execution
from pipeline.lineage.runs import Run
from pipeline.lineage.schema import schema_parts
from pipeline.lineage.store import Store
from pipeline.lineage.why import part, parts

KINDS = ("data", "schema", "parameter", "code", "version")

_DATA = ("input_base", "input_fingerprint", "span", "version")
_SCHEMA = ("schema_file", "digest")
_OF_ALL_NODES = ("code", "version")


@dataclass(frozen=True)
class Difference:
    """Something that some runs have and others have otherwise, or not at all.

    Args:
        kind: `data`, `schema`, `parameter`, `code` (a module) or `version` (of a library).
        key: Its name: a module, a library, a part of the schema, or the node and the name of its parameter, with the
            names inside of it, such as `Trainer.custom_config.training.seed`.
        values: Its value in each run, `"null"` where it is set to nothing; None where the run does not have it.
    """

    kind: str
    key: str
    values: tuple[Any, ...]


def differences(store: Store, runs: Sequence[Run]) -> list[Difference]:
    """Returns in what runs differ, by kind, then in the order of the nodes.

    Args:
        store: The store.
        runs: Two or more runs.
    """
    told = [dict(_told(store, run)) for run in runs]
    keys = sorted(dict.fromkeys(key for one in told for key in one), key=lambda key: KINDS.index(key[0]))
    found = (Difference(*key, tuple(one.get(key) for one in told)) for key in keys)
    return [one for one in found if any(value != one.values[0] for value in one.values)]


def metrics(evaluations: Sequence[Sequence[Mapping[str, Any]]]) -> list[tuple[str, str, tuple[float | None, ...]]]:
    """Returns each metric with its slice, which is empty for the whole split, and its value in each run.

    Args:
        evaluations: The rows of each run's evaluation, with `metric`, `slice` and `value`.
    """
    told = [{(row["metric"], row["slice"]): row["value"] for row in rows} for rows in evaluations]
    keys = dict.fromkeys(key for values in told for key in values)
    return [(*key, tuple(values.get(key) for values in told)) for key in keys]


def originals(store: Store, cached: Sequence[int]) -> dict[int, int]:
    """Returns the execution whose outputs each cached one has taken: that one knows all of its parameters.

    Args:
        store: The store.
        cached: Ids of executions; those that took nothing are left out.
    """
    taken = [event for event in store.events(executions=cached) if event.kind == "output"]
    links = Links(store.events(artifacts={event.artifact for event in taken}))
    makers = ((event.execution, links.maker(event.artifact)) for event in taken)
    return {execution: maker for execution, maker in makers if maker not in (None, execution)}


def _told(store: Store, run: Run) -> Iterator[tuple[tuple[str, str], Any]]:
    known = originals(store, [node.execution for node in run.nodes if node.state == "cached"])
    numbers = [known.get(node.execution, node.execution) for node in run.nodes]
    executions = {execution.id: execution for execution in store.executions_of(numbers)}
    for node, number in zip(run.nodes, numbers, strict=True):
        yield from _parameters(node.node, executions[number])
    yield from ((("schema", key), value) for key, value in schema_parts(_schema(store, run)))


def _parameters(node: str, execution: Execution) -> Iterator[tuple[tuple[str, str], Any]]:
    for name, value in parts(execution.properties):
        kind, short = part(name)
        top = name.partition(".")[0]
        if top in _DATA:
            kind = "data"
        elif top in _SCHEMA and "schema_file" in execution.properties:
            kind = "schema"
        yield (kind, short if kind in _OF_ALL_NODES and short != name else f"{node}.{name}"), value


def _schema(store: Store, run: Run) -> Path | None:
    # Transform puts out two more: those of what it makes.
    nodes = [node.execution for node in run.nodes if not node.component.endswith(".Transform")]
    events = store.events(executions=nodes)
    found = [one for one in store.artifacts_of(event.artifact for event in events) if one.type == "Schema"]
    return Path(found[-1].uri) if found else None
