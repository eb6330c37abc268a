"""What was made of what: KFP's cache, key as in KFP/v2/cacheutils/cache.go:173.

The driver asks it once the condition holds, within the same pipeline only, and a hit starts no launcher.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from kubeflow.harness.driver import Json, Outputs
from kubeflow.pointer import replace_text
from kubeflow.spec import Spec


class Cache:
    """Outputs by key, a file each.

    Args:
        folder: Where the files are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, key: str) -> Outputs | None:
        """Returns what an earlier step with the key has made."""
        file = self._folder / f"{key}.json"
        return Outputs(**json.loads(file.read_text())) if file.exists() else None

    def add(self, key: str, outputs: Outputs) -> None:
        """Notes what a step has made."""
        self._folder.mkdir(parents=True, exist_ok=True)
        replace_text(self._folder / f"{key}.json", json.dumps(asdict(outputs)))


def key_of(pipeline: str, container: Spec, component: Spec, given: Json) -> str:
    """Returns the key of a step: its pipeline, inputs, image, command and outputs; of an artifact, which one it is."""
    artifacts = {key: value["artifacts"][0]["uri"] for key, value in given["artifacts"].items()}
    parts = [
        pipeline,
        artifacts,
        given["parameterValues"],
        container.get("image"),
        container.get("command"),
        container.get("args"),
        component.get("outputDefinitions"),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
