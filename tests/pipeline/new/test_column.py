import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.new import column
from pipeline.new.column import Column, type_of


def _column(*values, name="x"):
    found = Column(name)
    for value in values:
        found.add(value)
    return found


@given(st.integers(-(10**17), 10**17))
def test_whole_numbers_are_recognized(value):
    assert type_of(str(value)) == "INT"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_recognized(value):
    assert type_of(repr(value)) == "FLOAT"


@pytest.mark.parametrize("text", ["007", "1_000", "1,5", "inf", "nan", "1e999", "0x1f", "", "-", "12 kg", "٣"])
def test_what_only_looks_like_a_number_is_text(text):
    assert type_of(text) == "BYTES"


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_moments_are_those_of_the_values(values):
    found = _column(*map(repr, values))
    assert (found.minimum, found.maximum) == (min(values), max(values))
    # Both are sums of at most 50 float64: eight digits are far within rounding.
    assert found.mean == pytest.approx(statistics.fmean(values), rel=1e-8, abs=1e-8)
    assert found.deviation == pytest.approx(statistics.pstdev(values), rel=1e-6, abs=1e-5)


def test_a_column_is_of_the_type_that_holds_all():
    assert _column("1", "2").type == "INT"
    assert _column("1", "2.5", None).type == "FLOAT"
    assert _column("1", "two").type == "BYTES"
    assert _column(None).type == "nothing"


def test_missing_values_are_counted_and_not_taken_in():
    found = _column("3", None, "5")
    assert (found.rows, found.present, found.missing, found.mean) == (3, 2, 1, 4.0)


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(column, "MOST_DISTINCT", 10)
    found = _column(*map(str, range(50)))
    assert (found.distinct, found.overflowed, found.present) == (10, True, 50)
