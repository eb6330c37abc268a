import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.lineage.why import Change, Ingredients, changes

CODE = {"roots": ["m.f"], "modules": {"m": "1", "m.n": "2"}, "versions": {"keras": "3.15.0"}}


def test_nothing_changed():
    same = Ingredients({"code": json.dumps(CODE), "run_fn": "m.f"}, {"examples": (1, 2)})
    assert changes(same, same) == []


def test_each_kind_is_told_apart():
    later = {**CODE, "modules": {"m": "1", "m.n": "3", "m.o": "4"}, "versions": {"keras": "3.16.0"}}
    config = '{"training": {"seed": %d}, "code": "%s"}'
    before = Ingredients(
        {"code": json.dumps(CODE), "custom_config": config % (1, "a")}, {"examples": (1,), "model": (5,)}
    )
    after = Ingredients({"code": json.dumps(later), "custom_config": config % (2, "b")}, {"examples": (7,)})
    assert changes(before, after) == [
        Change("parameter", "custom_config.training.seed", 1, 2),
        Change("code", "custom_config.code", "a", "b"),
        Change("code", "m.n", "2", "3"),
        Change("code", "m.o", None, "4"),
        Change("version", "keras", "3.15.0", "3.16.0"),
        Change("input", "examples", [1], [7]),
        Change("input", "model", [5], None),
    ]


def test_the_order_of_json_and_the_order_of_properties_are_no_change():
    before = Ingredients({"a": '{"x": 1, "y": [{"z": 2}]}', "b": 1})
    assert changes(before, Ingredients({"b": 1, "a": '{"y": [{"z": 2}], "x": 1}'})) == []


@pytest.mark.parametrize("name", ["input_fingerprint", "span", "version"])
def test_what_the_driver_adds_counts_where_both_have_it(name):
    assert changes(Ingredients({name: "1"}), Ingredients()) == []
    assert changes(Ingredients(), Ingredients({name: "1"})) == []
    assert changes(Ingredients({name: "1"}), Ingredients({name: "2"})) == [Change("parameter", name, 1, 2)]


def test_the_notes_of_tfx_are_no_parameters():
    assert changes(Ingredients({"__execution_result__": "x"}), Ingredients()) == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from("abcd"), VALUES.map(json.dumps), max_size=3), st.sampled_from("abcd"))
def test_any_parameters_equal_themselves_and_differ_in_what_was_added(properties, name):
    before = Ingredients({key: value for key, value in properties.items() if key != name})
    assert changes(before, before) == []
    found = changes(before, Ingredients({**before.properties, name: '"new"'}))
    assert found == [Change("parameter", name, None, "new")]
    assert changes(Ingredients({**before.properties, name: '"new"'}), before)[0].after is None
