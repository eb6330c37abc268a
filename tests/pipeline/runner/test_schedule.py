import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.runner.schedule import Schedule

DIAMOND = {
    "top": frozenset(),
    "left": frozenset({"top"}),
    "right": frozenset({"top"}),
    "bottom": frozenset({"left", "right"}),
    "alone": frozenset(),
}


def after(*ended):
    schedule = Schedule(DIAMOND)
    for node, good in ended:
        schedule = schedule.started(node).ended(node, good)
    return schedule


@pytest.mark.parametrize(
    ("ended", "ready", "skipped"),
    [
        ([], ["top", "alone"], set()),
        ([("top", True)], ["left", "right", "alone"], set()),
        ([("top", True), ("left", True)], ["right", "alone"], set()),
        ([("top", True), ("left", True), ("right", True)], ["bottom", "alone"], set()),
        ([("top", False)], ["alone"], {"left", "right", "bottom"}),
        ([("top", True), ("left", False)], ["right", "alone"], {"bottom"}),
        ([("alone", False)], ["top"], set()),
    ],
)
def test_what_may_start_after(ended, ready, skipped):
    assert after(*ended).ready == ready
    assert after(*ended).skipped == skipped


def test_what_runs_does_not_start_again():
    assert Schedule(DIAMOND).started("top").ready == ["alone"]


@st.composite
def dags(draw):
    names = [f"n{number}" for number in range(draw(st.integers(1, 8)))]
    return {
        name: frozenset(draw(st.sets(st.sampled_from(names[:place])))) if place else frozenset()
        for place, name in enumerate(names)
    }


@given(dags(), st.data())
def test_every_node_ends_or_is_skipped_and_none_starts_before_what_it_waits_for(dag, data):
    schedule = Schedule(dag)
    while schedule.ready or schedule.running:
        if schedule.ready and (not schedule.running or data.draw(st.booleans())):
            node = data.draw(st.sampled_from(schedule.ready))
            assert dag[node] <= schedule.good
            schedule = schedule.started(node)
        else:
            node = data.draw(st.sampled_from(sorted(schedule.running)))
            schedule = schedule.ended(node, good=data.draw(st.booleans()))
    assert schedule.good | schedule.bad | schedule.skipped == dag.keys()
    assert all(dag[node] & (schedule.bad | schedule.skipped) for node in schedule.skipped)
