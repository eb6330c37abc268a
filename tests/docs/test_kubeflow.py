"""The guide to Kubeflow says what is so: its commands are accepted, what it names is there."""

import re

import pytest

from tests.docs.guide import ROOT, Guide, assert_accepted

GUIDE = Guide("kubeflow.md")


@pytest.mark.parametrize("command", GUIDE.commands)
def test_every_command_is_accepted(command, capsys):
    assert_accepted(command, capsys)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:pipeline|kubeflow)/[a-z_/]+(?:\.py)?)`", GUIDE.text))))
def test_every_named_file_is_there(path):
    assert (ROOT / path).exists()
