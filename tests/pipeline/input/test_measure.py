"""The measurement itself, on a tiny Transform output."""

import pytest

from pipeline.lineage.transformed import Transformed
from tests.components.trainer import tiny
from tests.components.trainer.conftest import transformed  # noqa: F401 (a fixture)


@pytest.mark.slow
def test_every_stage_and_a_fix_are_measured(transformed, monkeypatch):  # noqa: F811
    from components.trainer.config import InputConfig
    from pipeline.input import measure

    monkeypatch.setattr(Transformed, "files", lambda self, split: transformed.patterns[split])
    config = tiny.config(memory_mb=0, input=InputConfig(prefetch=0, parallel_calls=1))
    measured = measure.Measurement(config, Transformed("run-1", str(transformed.graph), ""), batches=10)
    assert (measured.rows, measured.in_memory) == (tiny.ROWS["train"], False)
    found = {one.name: one.milliseconds for one in measured.stages()}
    assert list(found) == ["read", "parse", "parse, one by one", "decode", "augment", "batch", "step"]
    assert found["decode"] is None
    assert all(value > 0 for name, value in found.items() if name not in ("decode", "augment"))
    held = measured.trained(measured.setting("cache in memory", {"memory_mb": 8, "input.prefetch": None}))
    assert held.memory_mb < 1
    assert 0 <= held.wait <= 1
    assert held.step_milliseconds > 0
