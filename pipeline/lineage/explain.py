"""Why the cache answered a node of a run, or did not."""

from dataclasses import dataclass

from components.errors import UsageError, did_you_mean
from pipeline.lineage.compare import originals
from pipeline.lineage.graph import Links
from pipeline.lineage.records import SUCCESSFUL, Artifact, Execution
from pipeline.lineage.runs import Run
from pipeline.lineage.store import Store
from pipeline.lineage.why import Change, Ingredients, changes

_NEVER_CACHED = ("tfx.dsl.components.common.resolver.", "tfx.dsl.components.common.importer.")


@dataclass(frozen=True)
class Explanation:
    """Why a node ran, or took what an earlier run had made.

    Args:
        node: The node's id.
        run: The run.
        execution: Its execution there.
        hit: Whether it took its outputs from the cache.
        reason: In a sentence.
        earlier: The execution that it is compared with, or whose outputs it took; None where there is none.
        earlier_run: The run of that.
        changes: What is not as it was then.
        causes: Of each input that another node of the same run made anew, why that one did.
    """

    node: str
    run: str
    execution: int
    hit: bool
    reason: str
    earlier: int | None = None
    earlier_run: str | None = None
    changes: tuple[Change, ...] = ()
    causes: tuple["Explanation", ...] = ()


def explain(store: Store, run: Run, node: str) -> Explanation:
    """Returns why a node of a run hit or missed its cache.

    It is compared with the execution of the node before this one that came to its end, in whichever run, as ML Metadata
    does not say what a cache key was made of. Of a node whose inputs are new, the nodes that made these are explained
    too.

    Args:
        store: The store.
        run: The run.
        node: The node's id.

    Raises:
        UsageError: The run has no such node.
    """
    return _Explainer(store, run).explain(node)


class _Explainer:
    def __init__(self, store: Store, run: Run) -> None:
        self._store, self._run = store, run
        self._executions = {node.node: node.execution for node in run.nodes}
        self._known: dict[str, Explanation] = {}

    def explain(self, node: str) -> Explanation:
        """Explains a node, once: several inputs may come from one."""
        if node not in self._executions:
            raise UsageError(
                "A node must be one of the run's.", received=node, fix=did_you_mean(node, self._executions)
            )
        if node not in self._known:
            self._known[node] = self._explain(node)
        return self._known[node]

    def _explain(self, node: str) -> Explanation:
        [execution] = self._store.executions_of([self._executions[node]])
        if execution.state == "cached":
            return self._hit(execution)
        earlier = self._earlier(execution)
        if earlier is None or execution.component.startswith(_NEVER_CACHED):
            return self._told(execution, None, _without_earlier(execution))
        found = changes(*self._ingredients(earlier, execution))
        reason = self._reason(found, earlier)
        return self._told(execution, earlier, reason, found, self._causes(found))

    def _hit(self, execution: Execution) -> Explanation:
        maker = originals(self._store, [execution.id]).get(execution.id)
        earlier = next(iter(self._store.executions_of([] if maker is None else [maker])), None)
        reason = "All that it is made of is as it was, so it took the outputs of an earlier execution."
        return self._told(execution, earlier, reason, hit=True)

    def _earlier(self, execution: Execution) -> Execution | None:
        """Returns the nearest earlier execution of the node that came to its end, or the one that it repeats."""
        before = self._store.executions(pipeline=execution.pipeline, node=execution.node, before=execution.id)
        done = next((one for one in before if one.state in SUCCESSFUL), None)
        if done is None or done.state == "complete":
            return done
        maker = originals(self._store, [done.id]).get(done.id, done.id)
        return self._store.executions_of([maker])[0]

    def _ingredients(self, *executions: Execution) -> list[Ingredients]:
        links = Links(self._store.events(executions=[execution.id for execution in executions]))
        return [ingredients(execution, links) for execution in executions]

    def _reason(self, found: list[Change], earlier: Execution) -> str:
        if found:
            return "It is made of other things than the last time."
        gone = [artifact for artifact in self._outputs(earlier) if artifact.state != "live"]
        if gone:
            return f"The outputs of the last time are {gone[0].state}."
        return (
            "Nothing that the metadata store notes has changed: the cache was switched off, an output was gone or"
            " broken, or what TFX does not note is other than it was, such as the text of a module file."
        )

    def _outputs(self, execution: Execution) -> list[Artifact]:
        events = self._store.events(executions=[execution.id])
        return self._store.artifacts_of(event.artifact for event in events if event.kind == "output")

    def _causes(self, found: list[Change]) -> tuple[Explanation, ...]:
        new = {
            number for one in found if one.kind == "input" for number in set(one.after or ()) - set(one.before or ())
        }
        links = Links(self._store.events(artifacts=new))
        makers = {links.maker(number) for number in new}
        nodes = [node for node, execution in self._executions.items() if execution in makers]
        return tuple(self.explain(node) for node in nodes)

    def _told(
        self,
        execution: Execution,
        earlier: Execution | None,
        reason: str,
        found: list[Change] | None = None,
        causes: tuple[Explanation, ...] = (),
        hit: bool = False,
    ) -> Explanation:
        return Explanation(
            node=execution.node,
            run=self._run.id,
            execution=execution.id,
            hit=hit,
            reason=reason,
            earlier=earlier.id if earlier else None,
            earlier_run=earlier.run if earlier else None,
            changes=tuple(found or ()),
            causes=causes,
        )


def ingredients(execution: Execution, links: Links) -> Ingredients:
    """Returns what an execution was made of.

    Args:
        execution: The execution.
        links: Its events, among others.
    """
    inputs: dict[str, tuple[int, ...]] = {}
    for event in sorted(links.inputs(execution.id), key=lambda event: (event.key, event.index)):
        inputs[event.key] = (*inputs.get(event.key, ()), event.artifact)
    return Ingredients(execution.properties, inputs)


def _without_earlier(execution: Execution) -> str:
    if execution.component.startswith(_NEVER_CACHED):
        return f"TFX runs {execution.name} nodes every time."
    return "It is the first execution of this node that could come to its end."
