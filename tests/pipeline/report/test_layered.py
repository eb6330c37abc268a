import itertools

import hypothesis.strategies as st
from hypothesis import given

from pipeline.report.layered import layered

WIDTH, HEIGHT = 100.0, 40.0
NODES = [str(number) for number in range(9)]
PAIRS = st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=25)


@given(PAIRS)
def test_no_box_covers_another_and_lines_lead_down(edges):
    drawing = layered(NODES, edges, WIDTH, HEIGHT)
    assert set(drawing.boxes) == set(NODES)
    for one, other in itertools.combinations(drawing.boxes.values(), 2):
        # Half a unit for the rounding of places to tenths.
        assert abs(one.x - other.x) > WIDTH - 0.5 or abs(one.y - other.y) >= HEIGHT
    for edge in drawing.edges:
        assert drawing.boxes[edge.source].y + HEIGHT <= drawing.boxes[edge.target].y
    for box in drawing.boxes.values():
        assert box.x >= 0
        assert box.x + WIDTH <= drawing.width
        assert box.y + HEIGHT <= drawing.height


@given(PAIRS)
def test_a_line_that_a_longer_way_implies_can_be_left_out(edges):
    whole, reduced = layered(NODES, edges, WIDTH, HEIGHT), layered(NODES, edges, WIDTH, HEIGHT, implied=False)
    ends = {(edge.source, edge.target) for edge in whole.edges if not edge.implied}
    assert {(edge.source, edge.target) for edge in reduced.edges} == ends
    assert not any(edge.implied for edge in reduced.edges)


def test_what_closes_a_circle_or_leads_nowhere_is_left_out():
    drawing = layered(["a", "b"], [("a", "b"), ("b", "a"), ("a", "a"), ("a", "gone")], WIDTH, HEIGHT)
    assert [(edge.source, edge.target) for edge in drawing.edges] == [("a", "b")]


def test_a_source_lies_just_above_what_it_leads_to():
    drawing = layered(["a", "b", "c", "late"], [("a", "b"), ("b", "c"), ("late", "c")], WIDTH, HEIGHT)
    assert drawing.boxes["late"].y == drawing.boxes["b"].y


def test_nothing_is_drawn_of_nothing():
    drawing = layered([], [], WIDTH, HEIGHT)
    assert (drawing.boxes, drawing.edges) == ({}, ())
