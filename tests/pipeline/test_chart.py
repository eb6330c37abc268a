import io

import pytest

from pipeline.chart import Chart, Line
from pipeline.terminal import console


def drawn(chart, width=40, encoding="utf-8", colours=False):
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    system = "standard" if colours else None
    console(file=file, width=width, force_terminal=colours, color_system=system, legacy_windows=False).print(chart)
    file.flush()
    return [line.rstrip() for line in file.buffer.getvalue().decode().splitlines()]


def line(*points, **options):
    return Line(points, **options)


def test_a_rise_from_corner_to_corner():
    assert drawn(Chart([line((0, 0), (9, 0.3))], x_end=10, x_label="step", height=4), width=24) == [
        "0.3 │            ⢀⡠⠔⠊⠁",
        "0.2 │        ⣀⡠⠔⠊⠁",
        "0.1 │    ⣀⠤⠒⠉",
        "  0 │⣀⠤⠒⠉",
        "    └┬──┬───┬──┬───────",
        "     0  2   4  6   step",
    ]


@pytest.mark.parametrize("width", [24, 40, 80, 300])
def test_no_row_is_longer_than_the_console_or_a_hundred(width):
    rows = drawn(Chart([line((0, 1.0), (99_999, 1.0))], 100_000, "step"), width)
    assert len(rows) == 14
    assert max(map(len, rows)) <= min(width, 100)
    assert rows[-1].endswith("step")


def test_curves_have_letters_where_they_would_cover_each_other_beside():
    same = [line((0, 1), (5, 1), (9, 1), letter=letter) for letter in "abc"]
    assert "abc" in drawn(Chart(same, 10, "step"))[0]


def test_the_logarithmic_axis_has_powers_of_ten_and_what_is_0_lies_on_it():
    rows = drawn(Chart([line((0, 0), (9, 0.1)), line((0, 1e-3), (9, 1e-3))], 10, "step", logarithmic=True))
    assert [row.split()[0] for row in rows[:-2] if row.strip()[0].isdigit()] == [
        "0.1",
        "0.01",
        "0.001",
        "0.0001",
        "1e-05",
    ]
    assert rows[11][7] != " "


def test_what_divides_the_chart_does_not_cover_a_curve():
    rows = drawn(Chart([line((0, 0), (9, 0))], 10, "step", marks=[5], height=3))
    column = rows[0].index("┊")
    assert rows[1][column] == "┊"
    assert rows[2][column] == "⣀"


@pytest.mark.parametrize("points", [[(0, 0.0)], [(0, 0.0), (1, 0.0)], [(0, 5e-9)], [(0, 0.3)]])
def test_curves_of_a_step_and_of_nothing_can_be_drawn(points):
    assert len(drawn(Chart([Line(points)], len(points), "step"))) == 14


def test_a_terminal_without_unicode_gets_plain_characters():
    rows = drawn(Chart([line((0, 0), (9, 1))], 10, "step", marks=[5]), encoding="ascii")
    assert "*" in rows[0]
    assert "".join(rows).isascii()


def test_curves_have_their_colours():
    rows = drawn(Chart([line((0, 1), (9, 1), colour="red")], 10, "step"), colours=True)
    assert "\x1b[31m" in rows[0]
