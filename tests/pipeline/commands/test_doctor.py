import pytest

from pipeline import doctor
from pipeline.cli import main


@pytest.mark.parametrize("code", [0, 1])
def test_the_doctor_gets_what_was_asked_and_its_code_is_the_exit_code(monkeypatch, tmp_path, code):
    asked = []
    monkeypatch.setattr(doctor, "run", lambda *args: asked.append(args) or code)
    assert main(["doctor", "--deep", "--json", "--home", str(tmp_path)]) == code
    assert asked == [(tmp_path, True, True)]
