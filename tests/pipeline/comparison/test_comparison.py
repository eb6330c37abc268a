import io

import pytest

from pipeline.comparison import plot
from pipeline.comparison.comparison import Comparison, Spread, Training
from pipeline.comparison.contender import Contender
from pipeline.comparison.display import standings_table
from pipeline.terminal import console

ADAM, SGD, LION = Contender("adam", 0.001), Contender("sgd", 0.1), Contender("lion", 1e9)


def trained(contender, seed, aucs, losses):
    return Training(contender, seed, {"val_auc": aucs, "val_loss": losses}, epochs_per_second=2.0)


@pytest.fixture
def comparison():
    return Comparison(
        task="taxi",
        run="run-1",
        monitor="val_auc",
        mode="max",
        epochs=2,
        seeds=(1, 2),
        trainings=(
            trained(SGD, 1, [0.6, 0.7], [0.6, 0.5]),
            trained(ADAM, 1, [0.8, 0.9], [0.4, 0.35]),
            Training(LION, 1, {}, error="The loss must be finite."),
            trained(SGD, 2, [0.6, 0.72], [0.6, 0.55]),
            # Its best epoch is the first one, and its loss is the one of that epoch.
            trained(ADAM, 2, [0.88, 0.8], [0.3, 0.2]),
            Training(LION, 2, {}, error="The loss must be finite."),
        ),
    )


def test_the_best_mean_is_first_and_what_never_finished_last(comparison):
    adam, sgd, lion = comparison.standings()
    assert [one.contender for one in (adam, sgd, lion)] == [ADAM, SGD, LION]
    assert (adam.metric.mean, adam.metric.low, adam.metric.high) == (pytest.approx(0.89), 0.88, 0.9)
    # 0.01 to either side of the mean; the variance of a sample divides by one less.
    assert adam.metric.deviation == pytest.approx(0.02 / 2**0.5)
    assert adam.loss.mean == pytest.approx((0.35 + 0.3) / 2)
    assert (lion.finished, lion.failed, lion.metric) == (0, 2, None)


def test_a_lower_value_can_be_better(comparison):
    lower = Comparison("t", "r", "val_loss", "min", 2, (1, 2), comparison.trainings)
    assert [one.contender for one in lower.standings()] == [ADAM, SGD, LION]


def test_one_seed_has_no_deviation():
    assert Spread.of([0.5]) == Spread(0.5, None, 0.5, 0.5)


def test_it_goes_through_its_file(comparison, tmp_path):
    assert Comparison.read(tmp_path) is None
    comparison.write(tmp_path)
    assert Comparison.read(tmp_path) == comparison
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]


def test_the_course_has_the_spread_of_each_epoch(comparison):
    first, second = comparison.course(ADAM, "val_auc")
    assert (first.low, first.high) == (0.8, 0.88)
    assert (second.low, second.high) == (0.8, 0.9)


def test_the_table_at_80_columns(comparison):
    screen = console(file=io.StringIO(), width=80, color_system=None)
    screen.print(standings_table(comparison))
    assert [line.rstrip() for line in screen.file.getvalue().splitlines()] == [
        "Optimizer   Rate          val_auc         val_loss  Epochs/s  Failed",
        "adam       0.001  0.8900 ± 0.0141  0.3250 ± 0.0354      2.00       0",
        "sgd          0.1  0.7100 ± 0.0141  0.5250 ± 0.0354      2.00       0",
        "lion       1e+09                -                -         -       2",
    ]


def test_the_picture_has_a_row_and_a_line_for_each_optimizer_that_finished(comparison):
    points, metric, loss = plot.plot(comparison).axes
    assert [label.get_text() for label in points.get_yticklabels()] == ["adam 0.001", "sgd 0.1"]
    assert [len(axes.lines) for axes in (metric, loss)] == [2, 2]
    assert [len(axes.collections) for axes in (metric, loss)] == [2, 2]
    assert list(metric.lines[0].get_ydata()) == pytest.approx([0.84, 0.85])


def test_the_picture_is_written_whole(comparison, tmp_path):
    assert plot.write(tmp_path, comparison).read_bytes().startswith(b"\x89PNG")
    assert [file.name for file in tmp_path.iterdir()] == ["optimizers.png"]
