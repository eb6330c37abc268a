import dataclasses

import pytest

from components.errors import UsageError
from pipeline import tasks
from pipeline.comparison.variants import contenders
from tests.pipeline.comparison.tiny import TINY


def test_all_variants_or_those_that_are_named_in_that_order():
    assert [one.name for one in contenders(TINY, None)] == ["plain", "head", "half"]
    assert [(one.name, one.changes) for one in contenders(TINY, "half, plain")] == [
        ("half", TINY.variants["half"]),
        ("plain", {}),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plain,haf", "A variant must exist. Received: haf. Did you mean 'half'?"),
        ("plain,", "Received: nothing."),
        ("", "Received: nothing."),
        ("plain,plain", "A variant is compared once. Received: plain."),
    ],
)
def test_a_wrong_list_is_refused(text, message):
    with pytest.raises(UsageError) as caught:
        contenders(TINY, text)
    assert message in str(caught.value)


def test_a_task_without_variants_is_refused():
    with pytest.raises(UsageError, match=r"task=tiny without any\. Name some in `variants`"):
        contenders(dataclasses.replace(TINY, variants={}), None)


@pytest.mark.parametrize("name", [name for name in tasks.names() if tasks.load(name).variants])
def test_the_variants_of_every_task_are_trainings(name):
    task = tasks.load(name)
    for one in contenders(task, None):
        assert one.training(task, seed=3).seed == 3
