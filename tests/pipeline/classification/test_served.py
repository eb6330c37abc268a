import pytest

from components.errors import UsageError
from pipeline.classification import served
from pipeline.home import Home


def model(folder):
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    return folder


@pytest.fixture
def home(tmp_path):
    return Home.open(tmp_path / "home")


def test_the_newest_version_of_a_task_is_found(home):
    for name in ("9", "10", "latest", "11.part"):
        model(home.serving("taxi") / name)
    (home.serving("taxi") / "12").mkdir()
    assert served.find("taxi", str(home.root)) == home.serving("taxi") / "10"


def test_a_folder_is_a_model_or_holds_versions(home):
    version = model(home.serving("taxi") / "9")
    assert served.find(str(version), None) == version
    assert served.find(str(version.parent), None) == version


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("taxi", r"must have been pushed. Received: none in .*taxi. Run `slipway run taxi`"),
        ("taxy", "Did you mean 'taxi'"),
        ("/", "must hold a SavedModel"),
    ],
)
def test_where_there_is_no_model_a_line_says_so(home, place, message):
    with pytest.raises(UsageError, match=message):
        served.find(place, str(home.root))


def test_without_a_home_there_is_no_model(tmp_path):
    with pytest.raises(UsageError, match="must be a Slipway home"):
        served.find("taxi", str(tmp_path))
