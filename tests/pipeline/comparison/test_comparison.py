import io
from dataclasses import replace

import pytest

from pipeline.comparison import plot
from pipeline.comparison.comparison import Comparison, Spread, Training
from pipeline.comparison.contender import Contender
from pipeline.comparison.display import standings_table
from pipeline.terminal import console

ADAM, SGD, LION = "adam 0.001", "sgd 0.1", "lion 1e+09"


def trained(contender, seed, aucs, losses, parameters=7):
    return Training(contender, seed, {"val_auc": aucs, "val_loss": losses}, 2.0, parameters)


@pytest.fixture
def comparison():
    return Comparison(
        task="taxi",
        kind="optimizers",
        run="run-1",
        monitor="val_auc",
        mode="max",
        contenders=(Contender(SGD), Contender(ADAM, {"training.seed": 1}), Contender(LION)),
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
    lower = replace(comparison, monitor="val_loss", mode="min")
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
        "Optimizer           val_auc         val_loss  Epochs/s  Failed",
        "adam 0.001  0.8900 ± 0.0141  0.3250 ± 0.0354      2.00       0",
        "sgd 0.1     0.7100 ± 0.0141  0.5250 ± 0.0354      2.00       0",
        "lion 1e+09                -                -         -       2",
    ]


def test_variants_show_what_is_trained_where_it_differs(comparison):
    trainings = (trained("both", 1, [0.5], [1.0], 9317), trained("image_only", 1, [0.4, 0.6], [2.0, 3.0], 8967))
    screen = console(file=io.StringIO(), width=80, color_system=None)
    screen.print(standings_table(replace(comparison, kind="variants", trainings=trainings)))
    assert [line.rstrip() for line in screen.file.getvalue().splitlines()] == [
        "Variant     val_auc  val_loss  Epochs/s  Trained",
        "image_only   0.6000    3.0000      2.00    8,967",
        "both         0.5000    1.0000      2.00    9,317",
    ]


def test_trainings_need_not_be_of_one_length(comparison):
    trainings = (trained("both", 1, [0.5], [1.0]), trained("a_long_name_of_a_variant", 1, [0.4, 0.6], [2.0, 3.0]))
    found = replace(comparison, kind="variants", trainings=trainings)
    assert found.epochs == 2
    metric = plot.plot(found).axes[1]
    assert [len(line.get_xdata()) for line in metric.lines] == [2, 1]


def test_the_picture_has_a_row_and_a_line_for_each_optimizer_that_finished(comparison):
    points, metric, loss = plot.plot(comparison).axes
    assert [label.get_text() for label in points.get_yticklabels()] == ["adam 0.001", "sgd 0.1"]
    assert [len(axes.lines) for axes in (metric, loss)] == [2, 2]
    assert [len(axes.collections) for axes in (metric, loss)] == [2, 2]
    assert list(metric.lines[0].get_ydata()) == pytest.approx([0.84, 0.85])


def test_the_picture_is_written_whole(comparison, tmp_path):
    assert plot.write(tmp_path, comparison).read_bytes().startswith(b"\x89PNG")
    assert [file.name for file in tmp_path.iterdir()] == ["optimizers.png"]
