import itertools
import math

import pytest

from pipeline.report.charts import HEIGHT, WIDTH, bars, heat_map, histogram, line_chart, number_text, shortened


def test_a_higher_value_lies_higher_and_a_later_one_further_right():
    [line] = line_chart("loss", "epoch", {"training": [0.5, 0.25, 0.75]}).lines
    (x0, y0), (x1, y1), (x2, y2) = line.dots
    assert 0 < x0 < x1 < x2 <= WIDTH
    assert 0 < y2 < y0 < y1 < HEIGHT


def test_what_is_no_number_leaves_a_gap():
    [line] = line_chart("loss", "epoch", {"training": [1.0, math.nan, 2.0, None, math.inf]}).lines
    assert [len(path.split()) for path in line.paths] == [1, 1]
    assert len(line.dots) == 2


@pytest.mark.parametrize("values", [[], [0.0], [3.0, 3.0], [-1e-9, 1e-9], [1e300, -1e300], [math.nan]])
def test_any_curve_can_be_drawn(values):
    chart = line_chart("loss", "epoch", {"training": values})
    assert all(0 <= y <= HEIGHT for line in chart.lines for _, y in line.dots)
    assert len(chart.y_ticks) >= 2


def test_bars_of_a_histogram_fill_the_axis_and_keep_their_share():
    chart = histogram("fare", [0, 1, 2], {"train": [10, 5], "eval": [0, 10]})
    heights = {(bar.series, bar.label): bar.height for bar in chart.bars}
    assert heights["train", "0 to 1"] == pytest.approx(
        2 * heights["train", "1 to 2"], abs=0.02
    )  # rounded to hundredths
    assert heights["eval", "0 to 1"] == 0
    assert max(bar.x + bar.width for bar in chart.bars) <= WIDTH


def test_lying_bars_are_as_long_as_their_values_are_large():
    chart = bars("words", {"train": {"a": 4, "b": 1}, "eval": {"b": 2}})
    assert [(bar.label, bar.series) for bar in chart.bars] == [("a", "train"), ("b", "train"), ("b", "eval")]
    assert chart.bars[0].width == pytest.approx(4 * chart.bars[1].width, abs=0.05)  # rounded to hundredths
    ends = [(bar.y, bar.y + bar.height) for bar in chart.bars]
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(ends))
    assert ends[-1][1] <= chart.height


def test_the_largest_cell_is_the_darkest():
    chart = heat_map("confusion", ["a", "b"], ["a", "b"], [[8, 2], [0, 4]])
    assert {(cell.row, cell.column): cell.share for cell in chart.cells} == {
        ("a", "a"): 1.0,
        ("a", "b"): 0.25,
        ("b", "a"): 0.0,
        ("b", "b"): 0.5,
    }


def test_numbers_and_texts_for_a_person():
    values = [None, 1234567, 0.123456, math.nan, 1e12]
    assert [number_text(value) for value in values] == ["-", "1,234,567", "0.1235", "nan", "1e+12"]
    assert shortened("a" * 30, 10) == "a" * 9 + "…"
