"""A pipeline with the shape of a task's and none of its weight: the Pusher and the artifacts are real."""

import hashlib
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.components.base import executor_spec
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import pusher_pb2
from tfx.types import Artifact
from tfx.types.standard_artifacts import Model, ModelBlessing

from components.progress import EVENTS_VARIABLE, NODE_VARIABLE
from components.pusher import component as pusher
from components.pusher.executor import Executor
from pipeline.config import TaskConfig
from pipeline.dag import Places

_FILES, _FILE_BYTES = 8, 20_000


class Files(Artifact):
    """A folder."""

    TYPE_NAME = "slipway.tests.Files"


def trap() -> None:
    """Does to this node what `trap.json` beside the home says; nothing where there is none."""
    world = Path(os.environ[EVENTS_VARIABLE]).parents[3]
    file = world / "trap.json"
    if not file.exists() or (told := json.loads(file.read_text()))["node"] != os.environ[NODE_VARIABLE]:
        return
    if told["do"] == "pause":
        (world / "paused").touch()
        while not (world / "go").exists():
            time.sleep(0.01)
    if told["do"] == "ignore":
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        (world / "paused").touch()
    if told["do"] in ("hang", "ignore"):
        time.sleep(600)
    taken = []
    while told["do"] == "leak":
        taken.append(bytearray(1 << 20))


def fill(folder: Path, seed: int) -> None:
    """Writes some files, and `digest` over them."""
    folder.mkdir(parents=True, exist_ok=True)
    source = random.Random(seed)
    for number in range(_FILES):
        (folder / f"part-{number}").write_bytes(source.randbytes(_FILE_BYTES))
    (folder / "digest").write_text(digest(folder))


def digest(folder: Path) -> str:
    """Returns what `fill` has written into `digest`, from the files that are there."""
    content = hashlib.sha256()
    for path in sorted(folder.glob("part-*")):
        content.update(path.name.encode() + path.read_bytes())
    return content.hexdigest()


@component
def Make(seed: Parameter[int], made: OutputArtifact[Files]) -> None:  # noqa: N802
    trap()
    fill(Path(made.uri), seed)


@component
def Side(made: InputArtifact[Files], copied: OutputArtifact[Files]) -> None:  # noqa: N802
    trap()
    Path(copied.uri).mkdir(exist_ok=True)
    for path in sorted(Path(made.uri).iterdir()):
        Path(copied.uri, path.name).write_bytes(path.read_bytes())


@component
def Train(  # noqa: N802
    left: InputArtifact[Files], right: InputArtifact[Files], seed: Parameter[int], model: OutputArtifact[Model]
) -> None:
    trap()
    for side in (left, right):
        if digest(Path(side.uri)) != Path(side.uri, "digest").read_text():
            raise ValueError(f"{side.uri} is not whole")
    fill(Path(model.uri, "Format-Serving"), seed + 1)


@component
def Check(model: InputArtifact[Model], blessing: OutputArtifact[ModelBlessing]) -> None:  # noqa: N802
    trap()
    Path(blessing.uri, "BLESSED").touch()
    blessing.set_int_custom_property("blessed", 1)


class TrappedExecutor(Executor):
    """The Pusher's."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        trap()
        super().Do(input_dict, output_dict, exec_properties)


class Pusher(pusher.Pusher):
    """The project's, which `trap` reaches."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(TrappedExecutor)


def create_pipeline(
    task: TaskConfig, source: object, places: Places, enable_cache: bool = True, *_: object
) -> Pipeline:
    """Stands in for `pipeline.dag.create_pipeline`."""
    make = Make(seed=task.training.seed)
    left, right = (Side(made=make.outputs["made"]).with_id(name) for name in ("Left", "Right"))
    train = Train(left=left.outputs["copied"], right=right.outputs["copied"], seed=task.training.seed)
    check = Check(model=train.outputs["model"])
    push = Pusher(
        model=train.outputs["model"],
        model_blessing=check.outputs["blessing"],
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=places.serving)
        ),
        custom_config={"keep": 3},
    )
    return Pipeline(
        pipeline_name=task.name,
        pipeline_root=places.artifacts,
        components=[make, left, right, train, check, push],
        enable_cache=enable_cache,
        metadata_connection_config=places.metadata,
    )
