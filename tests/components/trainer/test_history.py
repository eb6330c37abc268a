import json

import pytest
from matplotlib.image import imread

from components.trainer import history
from components.trainer.config import CallbacksConfig

COURSE = {
    "loss": [0.9, 0.6, 0.5],
    "auc": [0.5, 0.7, 0.8],
    "val_loss": [0.8, 0.55, 0.6],
    "val_auc": [0.6, 0.8, 0.8],
    "learning_rate": [0.01, 0.01, 0.005],
}


@pytest.mark.parametrize(
    ("monitor", "mode", "epoch"),
    [("val_loss", "min", 1), ("val_loss", "max", 0), ("val_auc", "max", 1), ("loss", "min", 2)],
)
def test_the_best_epoch_is_the_first_with_the_best_value(monitor, mode, epoch):
    assert history.best_epoch(COURSE, monitor, mode) == epoch


def test_the_best_epoch_is_one_of_the_last_stage(tmp_path):
    history.write(tmp_path, COURSE, CallbacksConfig(), stages=(0, 2))
    written = json.loads((tmp_path / history.JSON_FILE).read_text())
    assert (written["best_epoch"], written["stages"]) == (3, [1, 3])


def test_the_json_holds_the_course_and_nothing_half_written_is_left(tmp_path):
    history.write(tmp_path, COURSE, CallbacksConfig())
    written = json.loads((tmp_path / history.JSON_FILE).read_text())
    names = {"monitor": "val_loss", "mode": "min"}
    assert written == {"epochs": 3, "stages": [1], "best_epoch": 2, **names, "history": COURSE}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history.json", "history.png"]
    assert imread(tmp_path / history.PLOT_FILE).std() > 0.05  # Not an empty picture.


def test_the_plot_has_a_panel_for_the_loss_each_metric_and_the_learning_rate():
    figure = history.plot(COURSE, best=1)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["loss", "auc", "learning rate"]
    loss, _, rate = figure.axes
    lines = {line.get_label(): line for line in loss.get_lines()}
    assert list(lines["training"].get_ydata()) == COURSE["loss"]
    assert list(lines["validation"].get_ydata()) == COURSE["val_loss"]
    assert list(lines["best epoch"].get_xdata()) == [2, 2]
    assert rate.get_yscale() == "log"


def test_a_course_of_one_epoch_without_metrics_is_drawn():
    figure = history.plot({"loss": [0.5], "val_loss": [0.6]}, best=0)
    assert figure.axes[0].get_xlim() == (0.5, 1.5)
