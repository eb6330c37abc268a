"""The payloads of a run: those of one name and type, their splits, and messages in their files."""

from pathlib import Path
from typing import Any, TypeVar

from google.protobuf import message, text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from pipeline.lineage.records import Artifact
from pipeline.report.material import Material

STATISTICS_FILE = "FeatureStats.pb"
SCHEMA_FILE = "schema.pbtxt"

_SPLIT = "Split-"

MessageT = TypeVar("MessageT", bound=message.Message)


def artifact_of(material: Material, key: str, kind: str) -> Artifact | None:
    """Returns the artifact of a type that the run has made, else read, one of the name first; None without one.

    Args:
        material: The run.
        key: The name of the output or input: a Transform puts out schemas and statistics too, by other names.
        kind: Its type.
    """
    known = [
        (event, material.artifacts[event.artifact]) for event in material.events if event.artifact in material.artifacts
    ]
    found = [(event.key != key, event.kind != "output", artifact) for event, artifact in known if artifact.type == kind]
    return min(found, key=lambda one: one[:2])[2] if found else None


def payload_of(material: Material, key: str, kind: str) -> Path | None:
    """Returns where the payload of that artifact lies; None where it is elsewhere, or no more."""
    artifact = artifact_of(material, key, kind)
    return material.path_of(artifact) if artifact else None


def splits_of(folder: Path) -> dict[str, Path]:
    """Returns the folder of each split of a payload by the split's name, `train` first."""
    found = {path.name.removeprefix(_SPLIT): path for path in folder.glob(f"{_SPLIT}*") if path.is_dir()}
    return {name: found[name] for name in sorted(found, key=lambda name: (name != "train", name))}


def parsed(file: Path, kind: type[MessageT]) -> MessageT | None:
    """Returns the message in a file; None where there is none, or something else."""
    try:
        return kind.FromString(file.read_bytes())
    except (OSError, message.DecodeError):
        return None


def statistics_of(folder: Path | None) -> dict[str, Any]:
    """Returns the statistics of each split that can be read, as tensorflow_metadata's messages.

    Args:
        folder: The payload of statistics; None has none.
    """
    kind = statistics_pb2.DatasetFeatureStatisticsList
    found = {name: parsed(path / STATISTICS_FILE, kind) for name, path in (splits_of(folder) if folder else {}).items()}
    return {name: one.datasets[0] for name, one in found.items() if one is not None and one.datasets}


def schema_of(folder: Path | None) -> Any:
    """Returns the schema in a payload, None where there is none that can be read."""
    try:
        text = (folder / SCHEMA_FILE).read_text() if folder else None
        return text and text_format.Parse(text, schema_pb2.Schema(), allow_unknown_field=True)
    except (OSError, ValueError, text_format.ParseError):
        return None
