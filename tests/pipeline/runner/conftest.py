"""A pipeline of small components on a store of its own."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Any]:
    """Returns a pipeline of two nodes; every call shares one store."""
    from tfx.orchestration import metadata
    from tfx.orchestration.pipeline import Pipeline
    from two_components import Copy, Write

    def build(text: str = "hello", enable_cache: bool = True) -> Pipeline:
        write = Write(text=text)
        return Pipeline(
            pipeline_name="two",
            pipeline_root=str(tmp_path / "root"),
            components=[write, Copy(original=write.outputs["written"])],
            enable_cache=enable_cache,
            metadata_connection_config=metadata.sqlite_metadata_connection_config(str(tmp_path / "metadata.db")),
        )

    return build
