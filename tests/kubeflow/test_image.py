"""`make image`: which engine builds, what it is told, and that neither index nor secret gets into the command."""

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from components.errors import UsageError
from kubeflow import image
from pipeline.kubeflow_code import PROJECT

DOCKERFILE = (PROJECT / "kubeflow" / "Dockerfile").read_text()
INDEX = "https://user:secret@index.example/simple"


@pytest.fixture
def engines(tmp_path, monkeypatch):
    """Puts programs that note their arguments in the place of every engine; the call of each sets an exit code."""
    folder = tmp_path / "bin"
    folder.mkdir()
    # git and the shell of the programs themselves.
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(image.shutil, "which", lambda name: str(folder / name) if (folder / name).exists() else None)

    def put(name, probe=0, build=0):
        program = folder / name
        program.write_text(
            "#!/bin/sh\n"
            f'case "$1" in version|info) exit {probe};; esac\n'
            f'for part in "$@"; do echo "$part" >> {folder}/{name}.arguments; done\n'
            f"cat {tmp_path}/slipway-image-*/pip.conf > {folder}/{name}.conf 2>/dev/null\nexit {build}\n"
        )
        program.chmod(0o755)
        return folder

    monkeypatch.setattr(image.tempfile, "tempdir", str(tmp_path))
    return put


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        ({"docker": 0, "podman": 0, "buildah": 0}, "docker"),
        ({"docker": 1, "podman": 0, "buildah": 0}, "podman"),
        ({"docker": 1, "buildah": 0}, "buildah"),
    ],
)
def test_the_first_engine_that_works_builds(engines, there, chosen):
    for name, status in there.items():
        engines(name, probe=status)
    assert image.choose_engine(list(image.ENGINES)) == chosen


@pytest.mark.parametrize(
    ("there", "received"), [([], "no docker, no podman, no buildah"), (["docker"], "docker cannot reach an engine")]
)
def test_without_an_engine_the_error_says_what_to_install(engines, capsys, there, received):
    for name in there:
        engines(name, probe=1)
    assert image.main([]) == 2
    error = capsys.readouterr().err
    assert received in error
    assert "apt-get install buildah" in error


def test_the_engine_is_told_revision_lock_and_whatever_else_is_given(engines, monkeypatch, capsys):
    folder = engines("buildah")
    monkeypatch.setattr(image, "pip_settings", dict)
    assert image.main(["--tag", "registry.local/slipway:1", "--pull=never"]) == 0
    told = (folder / "buildah.arguments").read_text().splitlines()
    lock = hashlib.sha256((PROJECT / image.LOCK).read_bytes()).hexdigest()
    assert f"LOCK_DIGEST=sha256:{lock}" in told
    assert f"REVISION={image.revision_of(PROJECT)}" in told
    assert told[told.index("--tag") + 1] == "registry.local/slipway:1"
    assert told[-2:] == ["--pull=never", "."]
    assert "--secret" not in told
    assert "image: registry.local/slipway:1" in capsys.readouterr().out


def test_an_engine_that_fails_fails_the_command(engines, monkeypatch, capsys):
    engines("podman", build=125)
    monkeypatch.setattr(image, "pip_settings", dict)
    assert image.main([]) == 1
    assert "podman ended with status 125" in capsys.readouterr().err


def test_the_index_reaches_the_build_as_a_secret_only(engines, monkeypatch, tmp_path):
    folder = engines("buildah")
    wheels = tmp_path / "wheels"
    (wheels / "simple").mkdir(parents=True)
    settings = {"index-url": INDEX, "find-links": f"file://{wheels}/simple/", "cert": "/etc/ca.pem", "quiet": "1"}
    monkeypatch.setattr(image, "pip_settings", lambda: settings)
    assert image.main([]) == 0
    told = (folder / "buildah.arguments").read_text()
    assert "secret@" not in told
    assert f"{wheels}:{wheels}:ro" in told.splitlines()
    assert "id=pip-ca,src=/etc/ca.pem" in told.splitlines()
    conf = (folder / "buildah.conf").read_text()
    assert conf.splitlines() == [
        "[global]",
        f"index-url = {INDEX}",
        f"find-links = file://{wheels}/simple/",
        "cert = /run/secrets/pip-ca",
    ]
    assert not list(tmp_path.glob("slipway-image-*")), "the file is gone afterwards"


def test_docker_refuses_a_folder_of_packages(tmp_path):
    with pytest.raises(UsageError, match="docker cannot mount a folder of packages"):
        image.index_options({"find-links": str(tmp_path)}, "docker", tmp_path)


def test_pips_settings_are_those_of_pip(monkeypatch, tmp_path):
    conf = tmp_path / "pip.conf"
    conf.write_text("[global]\nindex-url = https://one.example/simple\ntimeout = 7\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(conf))
    monkeypatch.setenv("PIP_INDEX_URL", "https://two.example/simple")
    settings = image.pip_settings()
    assert settings["index-url"] == "https://two.example/simple"
    assert settings["timeout"] == "7"


@pytest.mark.skipif(shutil.which("git") is None, reason="needs apt-get install git")
def test_the_revision_says_when_files_differ(tmp_path):
    def git(*arguments):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True)

    assert image.revision_of(tmp_path) == "unknown"
    (tmp_path / "file").write_text("1")
    git("init", "--quiet")
    git("add", "file")
    git("-c", "user.name=n", "-c", "user.email=e", "commit", "--quiet", "--message=first")
    git("tag", "v1")
    clean = image.revision_of(tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", clean)
    (tmp_path / "file").write_text("2")
    assert image.revision_of(tmp_path) == f"{clean}-dirty"


def test_the_builder_gets_what_the_image_holds_and_nothing_else():
    sources = {
        source.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert lines[1] == "*", "everything is left out first"
    assert {name.split("/")[0] for name in allowed} == sources
    assert all((PROJECT / name).exists() for name in allowed)


def test_the_dockerfile_has_one_base_no_entrypoint_and_no_index():
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"docker.io/library/python:3.13-slim-trixie"}
    assert not re.search(r"^(ENTRYPOINT|CMD|ADD)\b", DOCKERFILE, re.MULTILINE)
    assert "index-url" not in DOCKERFILE
    last = DOCKERFILE.strip().splitlines()[-1]
    assert last == "USER 1000:1000"
    code, lock = DOCKERFILE.index("COPY pipeline"), DOCKERFILE.index("COPY --from=environment")
    assert lock < code < DOCKERFILE.index("ARG REVISION"), "what changes with each commit comes last"


def test_the_workflow_calls_what_is_there():
    workflow = yaml.safe_load((PROJECT / ".github" / "workflows" / "image.yml").read_text())
    commands = json.dumps(workflow["jobs"])
    makefile = (Path(PROJECT) / "Makefile").read_text()
    for target in set(re.findall(r"make ([a-z-]+)", commands)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
