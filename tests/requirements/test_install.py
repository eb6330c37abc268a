"""The installation's steps with their commands recorded instead of run: nothing here needs a network."""

import json
import re
import shutil
import sys
from pathlib import Path

import install
import pytest
from lock_choice import OFFICIAL, OLDER, Choice, Refusal, gather_facts

PROJECT = Path(install.__file__).resolve().parents[1]
FACTS = gather_facts()._replace(
    python=sys.version_info[:2],
    implementation="cpython",
    glibc=(2, 36) if sys.version_info[:2] == (3, 11) else (2, 41),
    venv=True,
    compiler_found=True,
    headers=True,
)
LOCK = OLDER if sys.version_info[:2] == (3, 11) else OFFICIAL


class Steps(list[list[str]]):
    """The commands, in order; the one numbered `fail_at` ends as `failure` does."""

    fail_at: int | None = None
    failure: BaseException | None = None

    def __call__(self, command, environ=None):
        self.append(command)
        if self.failure is not None and len(self) == self.fail_at:
            raise self.failure
        if command[1:3] == ["-m", "venv"]:
            self.make_venv(Path(command[-1]))

    @staticmethod
    def make_venv(folder):
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        for name in ("python", "pip"):
            (folder / "bin" / name).touch()
        version = ".".join(str(part) for part in sys.version_info[:3])
        (folder / "pyvenv.cfg").write_text(f"version = {version}\ncommand = python -m venv --clear {folder}\n")


@pytest.fixture
def project(tmp_path, monkeypatch):
    root = tmp_path / "project"
    left_out = shutil.ignore_patterns("__pycache__", "build")
    shutil.copytree(PROJECT / "requirements", root / "requirements", ignore=left_out)
    shutil.copy(PROJECT / "setup.py", root)
    monkeypatch.setattr(install, "ROOT", root)
    monkeypatch.setattr(install, "gather_facts", lambda: FACTS)
    monkeypatch.setattr(install, "install_uv", lambda venv, lock: (str(venv / "bin" / "uv"), {}))
    monkeypatch.delenv("VENV", raising=False)
    return root


@pytest.fixture
def steps(monkeypatch):
    steps = Steps()
    monkeypatch.setattr(install, "_step", steps)
    return steps


def test_installs_the_lock_then_the_project_and_says_why(project, steps, capsys):
    assert install.main() == 0

    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"install: {LOCK.path}, because glibc ")
    assert [LOCK.path in command and "--require-hashes" in command for command in steps].count(True) == 1
    assert steps[-1][-2:] == ["--editable", "."]
    assert all("--no-deps" in command for command in steps[1:])
    assert any(command[-1] == "./requirements/compat" for command in steps) == LOCK.compat


def test_a_second_call_does_nothing(project, steps, capsys):
    install.main()
    steps.clear()

    assert install.main() == 0
    assert steps == []
    assert capsys.readouterr().out.splitlines()[-1] == "install: .venv is up to date."


@pytest.mark.parametrize("changed", [LOCK.path, "setup.py"])
def test_a_changed_source_installs_again_into_the_same_environment(changed, project, steps):
    install.main()
    steps.clear()
    (project / changed).write_text((project / changed).read_text() + "\n# changed\n")

    assert install.main() == 0
    assert steps
    assert not any("venv" in command for command in steps), "the environment itself is kept"


def test_a_changed_compat_module_changes_the_stamp_of_the_older_lock_only(project):
    venv = project / ".venv"
    before = [install.stamp_of(lock, (3, 11), venv) for lock in (OLDER, OFFICIAL)]
    (project / "requirements/compat/tfx_bsl/arrow/sql_util.py").write_text("")

    after = [install.stamp_of(lock, (3, 11), venv) for lock in (OLDER, OFFICIAL)]
    assert [one != two for one, two in zip(before, after, strict=True)] == [True, False]


@pytest.mark.parametrize("fail_at", [1, 2, 3])
@pytest.mark.parametrize(("failure", "status"), [(KeyboardInterrupt(), 130), (install.InstallFailed("uv failed."), 1)])
def test_an_interrupted_installation_leaves_no_stamp_and_goes_on(fail_at, failure, status, project, steps, capsys):
    steps.fail_at, steps.failure = fail_at, failure

    assert install.main() == status
    assert not (project / ".venv" / install.STAMP).exists()
    assert "make install" in capsys.readouterr().err

    steps.failure = None
    assert install.main() == 0
    assert (project / ".venv" / install.STAMP).exists()


def test_an_interrupted_update_takes_the_old_stamp_away(project, steps):
    install.main()
    (project / "setup.py").write_text("# changed\n")
    steps.fail_at, steps.failure = len(steps) + 1, KeyboardInterrupt()

    assert install.main() == 130
    assert not (project / ".venv" / install.STAMP).exists()


def test_an_environment_of_another_place_is_made_anew(project, steps, tmp_path, monkeypatch):
    install.main()
    steps.clear()
    moved = tmp_path / "moved"
    project.rename(moved)
    monkeypatch.setattr(install, "ROOT", moved)

    assert install.main() == 0
    assert steps[0][1:4] == ["-m", "venv", "--clear"]


def test_a_refusal_comes_before_anything_is_made(project, steps, monkeypatch, capsys):
    monkeypatch.setattr(install, "gather_facts", lambda: FACTS._replace(machine="aarch64"))

    assert install.main() == 2
    assert steps == []
    assert not (project / ".venv").exists()
    assert re.fullmatch(r"install: .+ Received: linux on aarch64\. .+\n", capsys.readouterr().err)


def test_a_complete_environment_outlives_the_compiler(project, steps, monkeypatch):
    install.main()
    steps.clear()
    monkeypatch.setattr(install, "gather_facts", lambda: FACTS._replace(compiler_found=False))

    assert install.main() == 0
    assert steps == []


def test_another_python_takes_over_and_is_named(project, steps, monkeypatch, capsys):
    taken = []
    monkeypatch.setattr(install, "gather_facts", lambda: FACTS._replace(python=(3, 9)))
    monkeypatch.setattr(install, "find_python", lambda refusal: "/somewhere/python3.11")
    monkeypatch.setattr(install.os, "execv", lambda path, arguments: taken.append((path, arguments)))

    install.main()

    assert taken == [("/somewhere/python3.11", ["/somewhere/python3.11", install.__file__])]
    assert "Python 3.9 does not fit here; going on with /somewhere/python3.11." in capsys.readouterr().out
    assert steps == []


def test_a_folder_with_something_else_in_it_is_left_alone(project, steps, monkeypatch, capsys):
    (project / "photos").mkdir()
    (project / "photos" / "holiday.png").touch()
    monkeypatch.setenv("VENV", "photos")

    assert install.main() == 2
    assert steps == []
    assert (project / "photos" / "holiday.png").exists()
    assert "VENV=" in capsys.readouterr().err


def test_the_stamp_names_the_lock(project, steps):
    install.main()

    assert json.loads((project / ".venv" / install.STAMP).read_text())["lock"] == LOCK.path


def test_a_complete_environment_counts_for_its_own_choice_only(project, steps):
    install.main()
    venv = project / ".venv"
    other = OFFICIAL if LOCK is OLDER else OLDER

    assert install.is_complete(venv, Choice(LOCK, "reason"), FACTS.python)
    assert not install.is_complete(venv, Choice(other, "reason"), FACTS.python)
    assert not install.is_complete(venv, Choice(LOCK, "reason"), (3, 14))
    assert install.is_complete(venv, Refusal("rule", "received", "fix"), (3, 8))


@pytest.mark.parametrize(
    ("pip_config", "environ", "variable", "value"),
    [
        ("", {}, "UV_INDEX_STRATEGY", "unsafe-best-match"),
        ("global.index-url='https://mirror.example/simple'", {}, "UV_DEFAULT_INDEX", "https://mirror.example/simple"),
        ("global.extra-index-url='file:///a file:///b'", {}, "UV_INDEX", "file:///a file:///b"),
        (r"global.extra-index-url='\nfile:///a\nfile:///b'", {}, "UV_INDEX", "file:///a file:///b"),
        ("global.find-links='/a /b'", {}, "UV_FIND_LINKS", "/a,/b"),
        ("global.cert='/a.pem'", {"SSL_CERT_FILE": "/b.pem"}, "SSL_CERT_FILE", "/b.pem"),
        (":env:.cert='/b.pem'\nglobal.cert='/a.pem'", {}, "SSL_CERT_FILE", "/b.pem"),
        ("global.timeout='5'\ninstall.timeout='7'", {}, "UV_HTTP_TIMEOUT", "7"),
        ("global.index-url='https://a'", {"UV_DEFAULT_INDEX": "https://b"}, "UV_DEFAULT_INDEX", "https://b"),
    ],
)
def test_uv_gets_the_index_that_pip_is_configured_for(pip_config, environ, variable, value):
    assert install.uv_environment(pip_config, environ)[variable] == value


def test_an_option_that_uv_has_no_name_for_is_left_out():
    assert "true" not in install.uv_environment("global.no-compile='true'", {}).values()


@pytest.mark.parametrize("lock", [OFFICIAL, OLDER], ids=lambda lock: lock.name)
def test_the_lock_pins_uv_with_its_hashes(lock):
    pin = install.pin_of("uv", (PROJECT / lock.path).read_text())

    assert re.fullmatch(r"uv==[\d.]+ \\\n(    --hash=sha256:[0-9a-f]{64}( \\)?\n)+", pin)


def test_a_lock_without_the_distribution_is_said():
    with pytest.raises(KeyError):
        install.pin_of("uv", "uvloop==1.0 \\\n    --hash=sha256:00\n")
