"""A store of images in a folder, with a stand-in for the base image: Debian's own Python 3.13, without a registry."""

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

BASE = "docker.io/library/python:3.13-slim-trixie"
PROGRAMS = ("buildah", "mmdebstrap", "crun")
# What one build takes, where layers lie over each other and where each is a copy.
GIGABYTES = {"overlay": 16, "vfs": 30}


def require_programs() -> None:
    """Skips a test where no image can be built and run."""
    if os.getuid():
        pytest.skip("needs root, as a node of a cluster does")
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: apt-get install --no-install-recommends {' '.join(PROGRAMS)}")


def require_space(folder: Path) -> None:
    """Skips a test where what it builds does not fit."""
    needed = GIGABYTES[driver(folder)]
    if shutil.disk_usage(folder).free < needed * 1e9:
        pytest.skip(f"needs {needed} GB below {folder}: name another folder in SLIPWAY_CONTAINERS")


def driver(folder: Path) -> str:
    """Returns overlay where folders of this disk can be laid over each other, else vfs."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        lower, upper, work, merged = parts = [Path(place) / name for name in ("lower", "upper", "work", "merged")]
        for part in parts:
            part.mkdir()
        options = f"lowerdir={lower},upperdir={upper},workdir={work}"
        command = ["unshare", "--mount", "mount", "-t", "overlay", "-o", options, "overlay", str(merged)]
        return "vfs" if subprocess.run(command, capture_output=True, check=False).returncode else "overlay"


def mirror() -> str:
    """Returns where apt finds Debian, and Debian's own address where it does not know."""
    command = ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", "Origin: Debian"]
    sites = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return next((site for site in sites if not site.endswith("-security")), "http://deb.debian.org/debian")


@dataclass(frozen=True)
class Store:
    """Images and containers of buildah.

    Args:
        folder: Where they lie.
    """

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What tells buildah of the store, and to build without the rights that a nested machine lacks."""
        return {"CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"), "BUILDAH_ISOLATION": "chroot"}

    def open(self) -> None:
        """Makes the store, with the base image in it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "storage.conf").write_text(
            f'[storage]\ndriver = "{driver(self.folder)}"\n'
            f'graphroot = "{self.folder}/graph"\nrunroot = "{self.folder}/run"\n'
        )
        if BASE not in self.buildah("images", "--format", "{{.Name}}:{{.Tag}}").split():
            self._add_base()

    def close(self, keep: bool) -> None:
        """Removes the containers, and unless told otherwise all: best effort, as it follows failures and kills too."""
        environment = {**os.environ, **self.environment}
        subprocess.run(["buildah", "rm", "--all"], env=environment, capture_output=True, check=False)
        if not keep:
            # The driver leaves its folder mounted on itself.
            subprocess.run(
                ["umount", "--lazy", str(self.folder / "graph" / "overlay")], capture_output=True, check=False
            )
            shutil.rmtree(self.folder, ignore_errors=True)

    def buildah(self, *arguments: str) -> str:
        """Runs buildah and returns what it prints."""
        answer = subprocess.run(
            ["buildah", *arguments], env={**os.environ, **self.environment}, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, f"buildah {' '.join(arguments)}: {answer.stderr}"
        return answer.stdout.strip()

    def config(self, image: str) -> dict[str, object]:
        """Returns the configuration of an image in OCI's words, its history beside it."""
        described = json.loads(self.buildah("inspect", "--type", "image", image))["OCIv1"]
        return {**described["config"], "history": described["history"]}

    def _add_base(self) -> None:
        archive = self.folder / "base.tar"
        packages = "--include=python3,python3-venv,python3-dev,ca-certificates"
        command = ["mmdebstrap", "--quiet", "--variant=minbase", packages, "trixie", str(archive), mirror()]
        subprocess.run(command, cwd=ROOT, check=True, timeout=600)
        container = self.buildah("from", "scratch")
        self.buildah("add", "--quiet", container, str(archive), "/")
        archive.unlink()
        links = "ln -s /usr/bin/python3 /usr/local/bin/python3 && ln -s python3 /usr/local/bin/python"
        self.buildah("run", container, "--", "sh", "-c", links)
        path = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
        self.buildah("config", "--env", path, "--cmd", "python3", container)
        self.buildah("commit", "--quiet", "--rm", container, BASE)
