from matplotlib import image

from pipeline import learning_rate_plot
from pipeline.learning_rates import RateCurve

HEAD = RateCurve("head/.*", 1, 0, 20, ((0, 0.1), (19, 0.1)))
LATER = RateCurve("head/.*", 2, 20, 30, ((20, 0.1), (49, 0.0)))
REST = RateCurve(".*", 2, 20, 30, ((20, 1e-3), (49, 1e-3)))


def lines_of(axes):
    return {line.get_label(): line.get_xydata().tolist() for line in axes.get_lines()}


def test_it_draws_every_curve_and_names_each_rule_once():
    [axes] = learning_rate_plot.plot("taxi", [HEAD, LATER, REST], steps_per_epoch=10).axes
    assert lines_of(axes)["head/.*"] == [[0, 0.1], [19, 0.1]]
    assert lines_of(axes)[".*"] == [[20, 1e-3], [49, 1e-3]]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["head/.*", ".*"]
    assert len({line.get_color() for line in axes.get_lines()[:3]}) == 2
    assert axes.get_yscale() == "log"
    assert axes.get_xlim() == (0, 50)


def test_an_only_curve_needs_neither_legend_nor_logarithm():
    [axes] = learning_rate_plot.plot("taxi", [HEAD], steps_per_epoch=10).axes
    assert axes.get_legend() is None
    assert axes.get_yscale() == "linear"
    assert axes.get_ylim()[0] == 0


def test_it_writes_a_picture_and_leaves_nothing_beside(tmp_path):
    learning_rate_plot.write(tmp_path / "x.png", "taxi", [HEAD, REST], 10)
    assert image.imread(tmp_path / "x.png").shape[:2] == (440, 880)
    assert [file.name for file in tmp_path.iterdir()] == ["x.png"]
