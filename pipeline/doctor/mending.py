"""The commands that mend an environment, right for where they are run."""

import shlex
from pathlib import Path

from pipeline.doctor import stack
from pipeline.doctor.facts import Facts, from_here


def system_packages(facts: Facts, *, apt: str, dnf: str) -> str:
    """Returns the command that installs packages of the operating system."""
    sudo = "" if facts.superuser else "sudo "
    if facts.packager is None:
        return f"Install what Debian calls {apt} with your system's package manager."
    return f"{sudo}{facts.packager} install {apt if facts.packager == 'apt-get' else dnf}"


def reinstall(facts: Facts, *names: str, damaged: bool = False) -> str:
    """Returns the command that brings distributions to the versions of the stack.

    Args:
        facts: The facts.
        names: The distributions; an installation from a checkout is renewed as a whole.
        damaged: Whether the versions are right and the files are not, which an installer does not see by itself.
    """
    if facts.wanted is None:
        return new_environment(facts)
    if facts.checkout is not None:
        return _renew(facts, facts.checkout, damaged)
    if facts.present is None:
        return "Get the project's source and run `make install` there: it holds the locks."
    wanted = [_requirement(name, facts.wanted.versions.get(name)) for name in names]
    return " ".join([facts.pip_install, *["--force-reinstall"] * damaged, "--no-deps", *wanted])


def new_environment(facts: Facts) -> str:
    """Returns the command that gives a Python, or where none is supported a platform, that TFX has wheels for."""
    if (facts.system, facts.machine) != ("Linux", "x86_64") or stack.for_glibc(facts.glibc) is None:
        return 'docker run --rm -it --platform linux/amd64 -v "$PWD":/slipway -w /slipway python:3.11-trixie bash'
    if facts.other_pythons:
        return _create(facts, facts.other_pythons[0])
    if facts.offered_python:
        python = facts.offered_python
        packages = system_packages(facts, apt=f"{python} {python}-venv {python}-dev", dnf=f"{python} {python}-devel")
        return f"{packages} && {_create(facts, python)}"
    version = f"3.{facts.platform_stack.pythons[-1]}"
    return (
        f"With uv (docs.astral.sh/uv): uv python install {version} && {_create(facts, f'$(uv python find {version})')}"
    )


def _create(facts: Facts, python: str) -> str:
    return f"{_make(facts.checkout)} PYTHON={python}" if facts.checkout else f"{python} -m venv .venv"


def _renew(facts: Facts, checkout: Path, damaged: bool) -> str:
    default = facts.prefix.resolve() == (checkout / ".venv").resolve()
    if facts.stamp is None and not default:
        # Somebody's own environment is left alone.
        return f"{_make(checkout)} && {shlex.quote(from_here(checkout / '.venv/bin/slipway'))} doctor"
    make = _make(checkout) if default else f"{_make(checkout)} VENV={shlex.quote(str(facts.prefix))}"
    if damaged:
        return f"rm -rf {shlex.quote(from_here(facts.prefix))} && {make}"
    # The install step does nothing while the stamp says that the lock is installed.
    return make if facts.stamp is None else f"rm {shlex.quote(from_here(facts.prefix / stack.STAMP))} && {make}"


def _requirement(name: str, version: str | None) -> str:
    if version is None:
        return name
    return f"{name}=={version}" if version.count(".") == 2 else f"'{name}=={version}.*'"


def _make(checkout: Path) -> str:
    where = from_here(checkout)
    return "make install" if where == "." else f"make -C {shlex.quote(where)} install"
