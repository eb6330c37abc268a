import pytest

from components.trainer.config import InputConfig, ModelConfig, TrainingConfig
from pipeline.input.finding import Finding, Setting, Stage
from pipeline.input.fixes import fixes

CONFIG = TrainingConfig(ModelConfig("a.b"))


def test_what_is_as_good_as_it_gets_is_left_alone():
    assert fixes(CONFIG, in_memory=True, parsed_mb=5, memory_mb=1000) == {}


def test_memory_is_only_taken_within_the_budget():
    assert fixes(CONFIG, in_memory=False, parsed_mb=2000, memory_mb=1999) == {}
    [changes] = fixes(CONFIG, in_memory=False, parsed_mb=2000, memory_mb=2000).values()
    assert changes == {"memory_mb": 2501, "input.cache": "memory"}


def test_what_is_set_too_low_is_undone_one_by_one_and_together():
    slow = TrainingConfig(ModelConfig("a.b"), input=InputConfig(parallel_calls=1, prefetch=0))
    assert fixes(slow, in_memory=True, parsed_mb=1, memory_mb=9) == {
        "parallel calls": {"input.parallel_calls": None},
        "read ahead": {"input.prefetch": None},
        "all of these": {"input.parallel_calls": None, "input.prefetch": None},
    }


@pytest.mark.parametrize(
    ("wait", "memory_mb", "bottleneck"), [(0.05, None, "step"), (0.5, None, "parse"), (0.5, 3.0, "batch")]
)
def test_the_bottleneck_is_what_steps_wait_for(wait, memory_mb, bottleneck):
    stages = (Stage("read", 1), Stage("parse", 2), Stage("parse, one by one", 9), Stage("batch", 0.5), Stage("step", 5))
    before = Setting("as it is", 3.0, memory_mb, {}, 6.0, wait)
    assert Finding("taxi", "run-1", 10, 4, 100, stages, (before,)).bottleneck == bottleneck
