"""Writes the two locks from `requirements.in`; `make lock` runs it.

    make lock                        # keeps every version that still fits
    make lock ARGS=--upgrade         # takes the newest of everything
    make lock ARGS="--upgrade-package rich"

The result depends on requirements.in, the overrides, the locks as they are and the package index, not on the machine.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from install import ROOT, install_uv
from lock_choice import OFFICIAL, OLDER, Lock

# The first lock holds for several Python versions, the second for one and for the oldest glibc it is made for.
RESOLUTION = {
    OFFICIAL: ["--universal", "--python-version", "3.11"],
    OLDER: ["--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28"],
}


def compile_command(uv: str, lock: Lock, options: list[str]) -> list[str]:
    """Returns the command that resolves one lock.

    Args:
        uv: The path of uv.
        lock: The lock to write.
        options: What a person adds, such as `--upgrade`.
    """
    fixed = ["--quiet", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"]
    overrides = ["--override", f"requirements/overrides-{lock.name}.txt"]
    header = ["--custom-compile-command", "make lock"]
    files = ["requirements/requirements.in", "--output-file", lock.path]
    return [uv, "pip", "compile", *fixed, *RESOLUTION[lock], *overrides, *header, *options, *files]


def drop_markers(text: str, environment: str) -> str:
    """Removes from a lock the conditions that hold wherever it is installed.

    uv repeats the environment that a universal lock is restricted to on each of its 230 pins.

    Args:
        text: The lock.
        environment: A marker of clauses joined by `and`, in uv's spelling.

    Example:
        >>> drop_markers("a==1 ; python_full_version < '3.12' and sys_platform == 'linux'", "sys_platform == 'linux'")
        "a==1 ; python_full_version < '3.12'"
    """
    always = set(environment.split(" and "))

    def kept(match: re.Match[str]) -> str:
        clauses = [clause for clause in match["marker"].split(" and ") if clause not in always]
        return " ; ".join([match["pin"], " and ".join(clauses)]) if clauses else match["pin"]

    return re.sub(r"^(?P<pin>\S+==\S+) ; (?P<marker>.+?)(?= \\$|$)", kept, text, flags=re.MULTILINE)


def pinned_uv(throwaway: Path) -> str:
    """Returns the uv of `.venv` if it is there, else the one that the lock pins, installed into a throwaway folder."""
    own = ROOT / ".venv" / "bin" / "uv"
    if own.exists():
        return str(own)
    subprocess.run([sys.executable, "-m", "venv", str(throwaway)], check=True)
    return install_uv(throwaway, OLDER)[0]


def main(options: list[str]) -> None:
    """Writes both locks."""
    environment = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["environments"][0]
    with tempfile.TemporaryDirectory() as folder:
        uv = pinned_uv(Path(folder))
        for lock in (OFFICIAL, OLDER):
            subprocess.run(compile_command(uv, lock, options), cwd=ROOT, check=True)
            path = ROOT / lock.path
            path.write_text(drop_markers(path.read_text(), environment))


if __name__ == "__main__":
    main(sys.argv[1:])
