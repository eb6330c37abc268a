"""Builds the image of the steps with the container engine that is there.

    python -m pipeline.kubeflow_code image --tag registry.local/slipway:1

Standard library only, so that an image can be built where the project is not installed.
"""

import argparse
import ast
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from components.errors import ComponentFailed, SlipwayError, UsageError
from pipeline.kubeflow_code import PROJECT

LOCK = "requirements/glibc-2.39.txt"
# A command that fails where the engine is installed but cannot build, and the one that builds.
ENGINES = {
    "docker": (["docker", "version"], ["docker", "build"]),
    "podman": (["podman", "info"], ["podman", "build"]),
    "buildah": (["buildah", "info"], ["buildah", "bud", "--layers"]),
}
# Where the Dockerfile mounts the certificates that pip is to trust.
_CA = "/run/secrets/pip-ca"
_FOLDER = re.compile(r"(?:file://)?(/[^\s,]+)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Builds the image and returns the exit code."""
    parser = argparse.ArgumentParser(prog="make image", description=__doc__, allow_abbrev=False)
    parser.add_argument("--tag", help="the image's name; slipway:REVISION if left out")
    parser.add_argument("--engine", choices=list(ENGINES), help="the first that works if left out")
    options, more = parser.parse_known_args(arguments)
    try:
        engine = choose_engine([options.engine] if options.engine else list(ENGINES))
        revision = revision_of(PROJECT)
        tag = options.tag or f"slipway:{revision[:12]}{'-dirty' * revision.endswith('-dirty')}"
        build(engine, tag, revision, more)
    except SlipwayError as error:
        print(f"image: {error}", file=sys.stderr)
        return error.exit_code
    print(f"image: {tag}")
    return 0


def choose_engine(names: Sequence[str]) -> str:
    """Returns the first engine that is installed and works.

    Raises:
        UsageError: None does.
    """
    for name in names:
        if shutil.which(name) and not subprocess.run(ENGINES[name][0], capture_output=True, check=False).returncode:
            return name
    there = [name for name in names if shutil.which(name)]
    raise UsageError(
        "An image needs docker, podman or buildah.",
        received=f"{' and '.join(there)} cannot reach an engine" if there else f"no {', no '.join(names)}",
        fix="Install one of them, such as `apt-get install buildah`, or start its service.",
    )


def revision_of(project: Path) -> str:
    """Returns the git revision of the code, with `-dirty` where files differ from it; `unknown` outside of git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        answer = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return answer.stdout.strip() or "unknown"


def build(engine: str, tag: str, revision: str, more: Sequence[str]) -> None:
    """Builds the image.

    Args:
        engine: docker, podman or buildah.
        tag: The image's name.
        revision: The git revision.
        more: Further options of the engine's build.

    Raises:
        ComponentFailed: The engine ended with an error, which it has printed.
        UsageError: The engine cannot see the package index.
    """
    digest = hashlib.sha256((PROJECT / LOCK).read_bytes()).hexdigest()
    given = ["--build-arg", f"REVISION={revision}", "--build-arg", f"LOCK_DIGEST=sha256:{digest}"]
    with tempfile.TemporaryDirectory(prefix="slipway-image-") as folder:
        index = index_options(pip_settings(), engine, Path(folder))
        command = [*ENGINES[engine][1], "--file", "kubeflow/Dockerfile", "--tag", tag, *given, *index, *more, "."]
        status = subprocess.call(command, cwd=PROJECT)
    if status:
        raise ComponentFailed("The engine must build the image.", received=f"{engine} ended with status {status}")


def pip_settings() -> dict[str, str]:
    """Returns what pip is told here by its files and the environment; nothing where there is no pip."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    settings: dict[str, str] = {}
    # In pip's own order of precedence.
    for section in ("global.", "install.", ":env:."):
        found = (line.removeprefix(section).partition("=") for line in lines if line.startswith(section))
        settings |= {key: str(ast.literal_eval(value)) for key, _, value in found}
    return settings


def index_options(settings: Mapping[str, str], engine: str, folder: Path) -> list[str]:
    """Returns the options that let pip in the build find the index that it finds here.

    They reach the build as secrets and mounts, so that neither the image nor its history holds them.

    Args:
        settings: pip's settings.
        engine: docker, podman or buildah.
        folder: Gets the file for the secret.

    Raises:
        UsageError: The index lies in a folder, which docker cannot mount.
    """
    wanted = {key: settings[key] for key in ("index-url", "extra-index-url", "find-links") if key in settings}
    # The pages of an index in a folder link to files beside them.
    places = {re.sub(r"/simple/*$", "", place) for value in wanted.values() for place in _FOLDER.findall(value)}
    places = {place for place in places if Path(place).is_dir()}
    if places and engine == "docker":
        raise UsageError(
            "docker cannot mount a folder of packages.",
            received=", ".join(sorted(places)),
            fix="Build with podman or buildah, or let pip use an index with an address.",
        )
    wanted |= {key: settings[key] for key in ("timeout", "default-timeout", "trusted-host") if key in settings}
    options = [part for place in sorted(places) for part in ("--volume", f"{place}:{place}:ro")]
    if "cert" in settings:
        wanted["cert"] = _CA
        options += ["--secret", f"id=pip-ca,src={settings['cert']}"]
    if wanted:
        file = folder / "pip.conf"
        file.write_text("[global]\n" + "".join(f"{key} = {' '.join(value.split())}\n" for key, value in wanted.items()))
        options += ["--secret", f"id=pip-conf,src={file}"]
    return options


if __name__ == "__main__":
    sys.exit(main())
