"""One small Transform output without analyzers, and two modules."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.components.trainer.hub.conftest import cache, tiny_module, words_module  # noqa: F401 (fixtures)

ROWS = {"train": 40, "eval": 24}


@dataclass(frozen=True)
class Transformed:
    """What Transform has left.

    Args:
        folder: Folder of the examples, with a folder `Split-<name>` for each split.
        graph: Transform's output folder.
        serialized: Split to raw rows as serialized tf.train.Example, in the order of the transformed records.
    """

    folder: Path
    graph: Path
    serialized: dict[str, list[bytes]]

    def pattern(self, split: str) -> str:
        return str(self.folder / f"Split-{split}" / "*")


@pytest.fixture(scope="session")
def transformed(tmp_path_factory: pytest.TempPathFactory) -> Transformed:
    from tests.components.embedding import tiny

    folder = tmp_path_factory.mktemp("transformed")
    return Transformed(folder / "examples", *tiny.transform(folder, ROWS))
