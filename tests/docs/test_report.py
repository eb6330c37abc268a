"""The guide to the reports says what is so: its commands are accepted, its names exist."""

import re

import pytest

from pipeline.commands.ui import TOKEN_VARIABLE
from pipeline.report import views
from tests.docs.guide import ROOT, Guide, assert_accepted

GUIDE = Guide("report.md")


@pytest.mark.parametrize("command", GUIDE.commands)
def test_every_command_is_accepted(command, capsys):
    assert_accepted(command, capsys)


@pytest.mark.parametrize("path", re.findall(r"`((?:pipeline|tests)/[a-z_/]+(?:\.py|/))`", GUIDE.text))
def test_every_file_exists(path):
    assert (ROOT / path).exists()


def test_its_names_are_those_of_the_code():
    assert f"`${TOKEN_VARIABLE}`" in GUIDE.text
    for address in (views.INDEX, views.RUN, views.COMPARE):
        assert f"`{address}`" in GUIDE.text
    assert views.RELOAD == 5
    assert "every five seconds" in GUIDE.text
