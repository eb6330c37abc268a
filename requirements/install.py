"""Makes the project's virtual environment: picks the lock for this platform, installs it, then the project.

`make install` runs it. `VENV` in the environment names another folder than `.venv`. Standard library only, and in the
syntax of Python 3.6, as `lock_choice` is.
"""

import ast
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Optional, Tuple, Union

from lock_choice import OFFICIAL, OLDER, Choice, Lock, Refusal, Version, choose_lock, dotted, find_python, gather_facts

ROOT = Path(__file__).resolve().parent.parent
COMPAT = "requirements/compat"
COMPAT_NAME = "slipway-tfx-bsl-compat"
STAMP = ".slipway-install"

# pip's option: the variable in which uv expects the same, and what stands between two values.
PIP_TO_UV = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", " "),
}


class InstallFailed(Exception):
    """A step of the installation ended with an error, which the step itself has printed."""


def uv_environment(pip_config: str, environ: Dict[str, str]) -> Dict[str, str]:
    """Gives uv the package index that the person configured for pip: uv does not read pip's configuration.

    Args:
        pip_config: What `pip config list` printed.
        environ: The environment; what it says to uv directly wins.

    Returns:
        The environment for uv.
    """
    # The lock's hashes decide what is installed, so any index may supply it, not only the first that knows the name.
    variables = {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_HTTP_TIMEOUT": "120"}
    # In pip's own order of precedence.
    for section in ("global.", "install.", ":env:."):
        for line in pip_config.splitlines():
            key, _, value = line.partition("=")
            option = key[len(section) :]
            if key.startswith(section) and option in PIP_TO_UV:
                variable, joint = PIP_TO_UV[option]
                variables[variable] = joint.join(str(ast.literal_eval(value)).split())
    return {**variables, **environ}


def pin_of(name: str, lock_text: str) -> str:
    """Returns a lock's entry for one distribution: the pin and its hashes.

    Args:
        name: The distribution, as the lock spells it.
        lock_text: The content of a lock.

    Raises:
        KeyError: The lock does not hold it.
    """
    entry: List[str] = []
    for line in lock_text.splitlines():
        if entry and not line.startswith("    --hash"):
            break
        if entry or line.startswith(f"{name}=="):
            entry.append(line)
    if not entry:
        raise KeyError(name)
    return "\n".join(entry) + "\n"


def stamp_of(lock: Lock, python: Version, venv: Path) -> str:
    """Returns what the stamp of a complete environment says: the lock, and a digest of all that was installed where."""
    sources = sorted(ROOT.glob(f"{COMPAT}/setup.py")) + sorted(ROOT.glob(f"{COMPAT}/tfx_bsl/**/*.py"))
    state = hashlib.sha256(repr((dotted(python), lock.name, str(ROOT), str(venv))).encode())
    for path in [ROOT / lock.path, ROOT / "setup.py"] + (sources if lock.compat else []):
        state.update(hashlib.sha256(path.read_bytes()).digest())
    return json.dumps({"lock": lock.path, "digest": state.hexdigest()}) + "\n"


def is_complete(venv: Path, answer: Union[Choice, Refusal], python: Version) -> bool:
    """Tells whether an environment holds everything already.

    Args:
        venv: The environment.
        answer: What `choose_lock` said. After a refusal any complete environment counts: it was made with another
            interpreter, or before a compiler was removed, and works without what is missing now.
        python: The running interpreter's version.
    """
    try:
        stamp = (venv / STAMP).read_text()
    except OSError:
        return False
    if isinstance(answer, Choice):
        return stamp == stamp_of(answer.lock, python, venv)
    return any(stamp == stamp_of(lock, known, venv) for lock in (OFFICIAL, OLDER) for known in lock.pythons)


def is_reusable(venv: Path, python: Version) -> bool:
    """Tells whether a folder is a working environment of this Python that was made in this place."""
    try:
        lines = dict(line.partition(" = ")[::2] for line in (venv / "pyvenv.cfg").read_text().splitlines())
    except OSError:
        return False
    same = lines.get("version", "").startswith(f"{dotted(python)}.") and lines.get("command", "").endswith(f" {venv}")
    return same and all((venv / "bin" / name).exists() for name in ("python", "pip"))


def refuse_folder(venv: Path) -> Optional[Refusal]:
    """Returns why a folder must not become an environment: it holds something else, which would be deleted."""
    if not venv.exists() or (venv / "pyvenv.cfg").exists() or (venv.is_dir() and not any(venv.iterdir())):
        return None
    return Refusal(
        "VENV must name a virtual environment, or a folder that is empty or not there yet.",
        f"VENV={venv}",
        "Name another folder.",
    )


def install(lock: Lock, venv: Path, python: Version) -> None:
    """Makes the environment. Its stamp goes first and comes last: after an interruption the next call goes on.

    Raises:
        InstallFailed: A step ended with an error.
    """
    stamp = venv / STAMP
    if stamp.exists():
        stamp.unlink()
    if not is_reusable(venv, python):
        _step([sys.executable, "-m", "venv", "--clear", str(venv)])
    pip_install, environ = install_lock(lock, venv)
    from_source = [*pip_install, "--quiet", "--no-build-isolation"]
    if lock.compat:
        _step([*from_source, "--reinstall-package", COMPAT_NAME, f"./{COMPAT}"], environ)
    _step([*from_source, "--editable", "."], environ)
    beside = venv / f"{STAMP}.new"
    beside.write_text(stamp_of(lock, python, venv))
    beside.replace(stamp)


def install_lock(lock: Lock, venv: Path) -> Tuple[List[str], Dict[str, str]]:
    """Installs what a lock holds into an environment.

    Args:
        lock: The lock.
        venv: The environment, with pip in it.

    Returns:
        The command that installs more there, and the environment variables to run it with.

    Raises:
        InstallFailed: A step ended with an error.
    """
    uv, environ = install_uv(venv, lock)
    # On a terminal uv shows its progress, then 230 names; elsewhere only the names would be left.
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    pip_install = [uv, "pip", "install", "--no-deps", "--python", str(venv / "bin" / "python")]
    # The lock's setuptools also builds what has no wheel; without the constraint uv would fetch the newest, unhashed.
    _step([*pip_install, *quiet, "--require-hashes", "--build-constraints", lock.path, "-r", lock.path], environ)
    return pip_install, environ


def install_uv(venv: Path, lock: Lock) -> Tuple[str, Dict[str, str]]:
    """Installs the uv that a lock pins into an environment.

    Args:
        venv: The environment, with pip in it.
        lock: The lock that holds uv's version and hashes.

    Returns:
        The path of uv, and the environment variables to run it with.

    Raises:
        InstallFailed: pip ended with an error.
    """
    pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as pin:
        pin.write(pin_of("uv", (ROOT / lock.path).read_text()))
        pin.flush()
        _step([*pip, "install", "--quiet", "--no-deps", "--require-hashes", "-r", pin.name])
    config = subprocess.run([*pip, "config", "list"], stdout=subprocess.PIPE, check=True).stdout.decode()
    return str(venv / "bin" / "uv"), uv_environment(config, dict(os.environ))


def _step(command: List[str], environ: Optional[Dict[str, str]] = None) -> None:
    status = subprocess.call(command, cwd=str(ROOT), env=environ)
    if status:
        raise InstallFailed(f"`{' '.join(command[:4])} ...` ended with status {status}.")


def _say(text: str) -> None:
    # Flushed, so that the line stands before what a child process prints.
    print(f"install: {text}", flush=True)


def _refuse(text: str, status: int) -> int:
    print(f"install: {text}", file=sys.stderr)
    return status


def main() -> int:
    """Runs the installation.

    Returns:
        The exit status: 0 installed or nothing to do, 1 a step failed, 2 refused, 130 interrupted.
    """
    facts = gather_facts()
    venv = ROOT / (os.environ.get("VENV") or ".venv")
    answer = choose_lock(facts)
    if is_complete(venv, answer, facts.python):
        _say(f"{venv.name} is up to date.")
        return 0
    if isinstance(answer, Refusal):
        return _go_on_elsewhere(answer, facts.python)
    unfit = refuse_folder(venv)
    if unfit:
        return _refuse(str(unfit), 2)
    _say(f"{answer.lock.path}, because {answer.reason}; Python {dotted(facts.python)}, into {venv}.")
    try:
        install(answer.lock, venv, facts.python)
    except InstallFailed as error:
        return _refuse(f"{error} Mend what it says above and run `make install` again: it goes on from here.", 1)
    except KeyboardInterrupt:
        return _refuse("Interrupted. Run `make install` again: it goes on from here.", 130)
    _say(f"{venv.name} is complete.")
    return 0


def _go_on_elsewhere(refusal: Refusal, python: Version) -> int:
    found = find_python(refusal) if refusal.other_python else refusal
    if isinstance(found, Refusal):
        return _refuse(str(found), 2)
    _say(f"Python {dotted(python)} does not fit here; going on with {found}.")
    return os.execv(found, [found, str(Path(__file__).resolve())])


if __name__ == "__main__":
    sys.exit(main())
