"""What the page of a run is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.home import Home
from pipeline.lineage.graph import Graph
from pipeline.lineage.places import local_path
from pipeline.lineage.records import Artifact, Event, Execution
from pipeline.lineage.runs import Run
from pipeline.lineage.store import Store
from pipeline.runner.events import read_events
from pipeline.runner.request import EVENTS_FILE, log_file
from pipeline.runner.state import RunState, fold

Uses = Mapping[str, list[Artifact]]
"""The name of each input or output to its artifacts, in order."""


@dataclass(frozen=True)
class Material:
    """A run, with what the store and its home's files tell of it; each is read once, when it is first asked for.

    Args:
        store: The store, open.
        run: The run.
        home: The home that ran it; None where it was another program, or another place.
    """

    store: Store
    run: Run
    home: Home | None = None

    @cached_property
    def executions(self) -> Mapping[str, Execution]:
        """The execution of each node, by the node's id, with its properties."""
        nodes = {node.execution: node.node for node in self.run.nodes}
        return {nodes[execution.id]: execution for execution in self.store.executions_of(nodes)}

    @cached_property
    def events(self) -> list[Event]:
        """What its executions have read and put out, by the names of inputs and outputs."""
        found = self.store.events(executions=[node.execution for node in self.run.nodes])
        return sorted(found, key=lambda event: (event.execution, event.kind, event.key, event.index))

    @cached_property
    def artifacts(self) -> Mapping[int, Artifact]:
        """The artifacts that its executions have read or put out, by their ids."""
        found = self.store.artifacts_of({event.artifact for event in self.events})
        return {artifact.id: artifact for artifact in found}

    def inputs(self, node: str) -> Uses:
        """Returns what a node has read; nothing for a node that has not run."""
        return self._uses(node, "input")

    def outputs(self, node: str) -> Uses:
        """Returns what a node has put out, also where that came from the cache; nothing for one that has not run."""
        return self._uses(node, "output")

    def made(self, kind: str) -> list[Artifact]:
        """Returns what the run's nodes have put out of a type, such as `ExampleStatistics`, in order."""
        numbers = dict.fromkeys(event.artifact for event in self.events if event.kind == "output")
        found = (self.artifacts[number] for number in numbers if number in self.artifacts)
        return [artifact for artifact in found if artifact.type == kind]

    def path_of(self, artifact: Artifact) -> Path | None:
        """Returns where the payload of an artifact lies; None where it is elsewhere, or no more."""
        path = local_path(artifact.uri)
        return path if path is not None and path.exists() else None

    @cached_property
    def model(self) -> Artifact | None:
        """What came of the run: the model that it pushed, else the one that it trained; None where it did neither."""
        pushed = [one for one in self.made("PushedModel") if one.properties.get("pushed")]
        return next(reversed([*self.made("Model"), *pushed]), None)

    @cached_property
    def graph(self) -> Graph | None:
        """What that model was made of, and what was made of it."""
        return self.store.graph(self.model.id) if self.model else None

    @cached_property
    def folder(self) -> Path | None:
        """The run's folder in the home, with `config.json`, `events.jsonl` and logs; None where there is none."""
        # The name is of the store, which may be anybody's: it must not lead elsewhere, or to the folder of another run.
        if self.home is None or self.run.id == ".." or Path(self.run.id).name != self.run.id:
            return None
        folder = self.home.run(self.run.id)
        return folder if folder.is_dir() else None

    @cached_property
    def told_events(self) -> list[dict[str, Any]]:
        """What the run has told while it ran; nothing of one that is not the home's."""
        return read_events(self.folder / EVENTS_FILE) if self.folder else []

    @cached_property
    def told(self) -> RunState:
        """The same, folded."""
        return fold(self.told_events)

    @property
    def goes_on(self) -> bool:
        """Whether the run has not come to its end."""
        return self.told.finished is None if self.told_events else self.run.state == "running"

    @property
    def state(self) -> str:
        """What the run came to, as it has told, else as its nodes say; between two nodes it is `running` too."""
        if self.told.outcome:
            return self.told.outcome.replace("_", " ")
        return "running" if self.goes_on else self.run.state

    def log_of(self, node: str) -> Path | None:
        """Returns the log of a node; None where there is none."""
        path = log_file(self.folder, Path(node).name) if self.folder else None
        return path if path is not None and path.exists() else None

    def message_of(self, node: str) -> str | None:
        """Returns why a node failed: what the run has told is a sentence, ML Metadata has the exception's text."""
        told = self.told.nodes.get(node)
        noted = next((one.message for one in self.run.nodes if one.node == node), None)
        return (told.message if told else None) or noted

    def _uses(self, node: str, kind: str) -> Uses:
        numbers = {one.execution for one in self.run.nodes if one.node == node}
        found: dict[str, list[Artifact]] = {}
        for event in self.events:
            if event.execution in numbers and event.kind == kind and event.artifact in self.artifacts:
                found.setdefault(event.key, []).append(self.artifacts[event.artifact])
        return found
