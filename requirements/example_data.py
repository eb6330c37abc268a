"""Installs what the example tasks read: data sets and pre-trained weights that ship inside packages, by name.

`make data` runs it with the environment's Python. Debian packages are installed as root or through sudo; where neither
is possible, or there is no apt, it prints the commands, and every task still takes a folder of one's own.
"""

import importlib.metadata
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence

DEBIAN = {
    "dataset-fashion-mnist": "fashion: 70,000 pictures of clothes",
    "hydrogen-drumkits": "drums: samples of 14 drum kits",
    "tuxpaint-stamps-default": "stamps: 785 pictures with captions",
}
PROJECT, EXTRA = "tfx-slipway", "examples"


def extra_packages() -> list[str]:
    """Returns the Python packages of the project's extra `examples`, as pip takes them."""
    found = []
    for requirement in importlib.metadata.requires(PROJECT) or ():
        package, _, marker = requirement.partition(";")
        if re.search(rf"extra == ['\"]{EXTRA}['\"]", marker):
            found.append(package.strip())
    return found


def missing_debian() -> list[str]:
    """Returns the Debian packages that are not installed; all of them where there is no dpkg."""
    if not shutil.which("dpkg-query"):
        return list(DEBIAN)
    command = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *DEBIAN]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    return [name for name in DEBIAN if f"{name} installed" not in listed]


def as_root(command: Sequence[str]) -> list[str] | None:
    """Returns the command as it has to be typed here to have root's rights; None if there is no way."""
    if os.geteuid() == 0:
        return list(command)
    sudo = shutil.which("sudo")
    if not sudo:
        return None
    # Without a terminal nobody can type a password.
    able = sys.stdin.isatty() or not subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode
    return [sudo, *command] if able else None


def install_debian(names: Sequence[str]) -> bool:
    """Installs Debian packages, or prints how to; returns whether they are there now."""
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *names]
    install, update = as_root(command), as_root(["apt-get", "update"])
    if not shutil.which("apt-get") or install is None or update is None:
        where = "as root, or with sudo" if shutil.which("apt-get") else "on Debian or Ubuntu"
        say(f"these are left to you, to be typed {where}:")
        print(f"  {' '.join(command)}", flush=True)
        say("or give a task a folder of your own: see `params` in its task.py.")
        return False
    # The lists of packages may be old, or not there at all.
    return _run(install) or (_run(update) and _run(install))


def install_python(packages: Sequence[str]) -> bool:
    """Installs Python packages into the running environment; returns whether they are there now."""
    # Without their dependencies: the lock has those that are used, and some ask for torch, which nothing here imports.
    options = ["--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    return _run([sys.executable, "-m", "pip", *options, *packages])


def _run(command: Sequence[str]) -> bool:
    say(shlex.join(command))
    return subprocess.run(command, check=False).returncode == 0


def say(text: str) -> None:
    """Prints a line of the script's own."""
    # Flushed, so that the line stands before what a child process prints.
    print(f"data: {text}", flush=True)


def main() -> int:
    """Installs everything; returns 0, or 1 if something is still missing."""
    missing = missing_debian()
    for name, what in DEBIAN.items():
        say(f"Debian package {name} ({what}){'' if name in missing else ', installed'}")
    there = install_debian(missing) if missing else True
    there = install_python(extra_packages()) and there
    say("everything is there." if there else "not everything is there; see above.")
    return 0 if there else 1


if __name__ == "__main__":
    sys.exit(main())
