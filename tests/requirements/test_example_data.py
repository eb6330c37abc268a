import io
import os
import subprocess
import sys

import example_data
import pytest
from example_data import DEBIAN, as_root, extra_packages, install_debian, main, missing_debian


class Commands:
    """Notes the commands that the script runs, and answers for them."""

    def __init__(self) -> None:
        self.run: list[list[str]] = []
        self.codes: dict[str, int] = {}
        self.installed: list[str] = []

    def __call__(self, command, **_):
        self.run.append(list(command))
        code = next((code for word, code in self.codes.items() if word in command), 0)
        output = "".join(f"{name} installed\n" for name in self.installed)
        return subprocess.CompletedProcess(command, code, stdout=output)


@pytest.fixture
def commands(monkeypatch) -> Commands:
    commands = Commands()
    monkeypatch.setattr(example_data.subprocess, "run", commands)
    monkeypatch.setattr(example_data.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return commands


def test_python_packages_are_those_of_the_extra():
    found = extra_packages()
    assert any(package.startswith("soundfile") for package in found)
    assert not any(package.startswith(("tfx", "pytest")) or ";" in package for package in found)


def test_only_what_is_missing_is_installed(commands):
    commands.installed = list(DEBIAN)[:2]
    assert missing_debian() == list(DEBIAN)[2:]
    assert main() == 0
    assert ["apt-get", "install", "--yes", "--no-install-recommends", *list(DEBIAN)[2:]] in commands.run


def test_with_everything_there_apt_is_not_called(commands, capsys):
    commands.installed = list(DEBIAN)
    assert main() == 0
    assert not any("apt-get" in command for command in commands.run)
    [pip] = [command for command in commands.run if "pip" in command]
    assert pip[0] == sys.executable
    assert "--no-deps" in pip
    assert capsys.readouterr().out.count("installed") == len(DEBIAN)


def test_without_rights_or_a_way_to_them_the_commands_are_printed(commands, monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(example_data.shutil, "which", lambda name: None if name == "sudo" else f"/usr/bin/{name}")
    assert main() == 1
    assert not any("apt-get" in command for command in commands.run)
    assert f"  apt-get install --yes --no-install-recommends {' '.join(DEBIAN)}" in capsys.readouterr().out


def test_without_apt_the_packages_are_named(commands, monkeypatch, capsys):
    monkeypatch.setattr(example_data.shutil, "which", lambda name: None)
    assert missing_debian() == list(DEBIAN)
    assert not install_debian(list(DEBIAN))
    assert "on Debian or Ubuntu" in capsys.readouterr().out


def test_sudo_is_used_where_it_needs_no_password(commands, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert as_root(["apt-get", "update"]) == ["/usr/bin/sudo", "apt-get", "update"]
    commands.codes = {"-n": 1}
    assert as_root(["apt-get", "update"]) is None


def test_a_failed_installation_updates_the_lists_and_tries_again(commands):
    commands.codes = {"install": 100}
    assert not install_debian(["hydrogen-drumkits"])
    assert [command[1] for command in commands.run] == ["install", "update", "install"]


def test_what_failed_is_in_the_exit_code(commands):
    commands.installed = list(DEBIAN)
    commands.codes = {"pip": 1}
    assert main() == 1
