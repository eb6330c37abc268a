import re
import sys

import pytest

from benchmarks import metadata
from pipeline.home import Home
from tests.pipeline.conftest import Recorder


@pytest.mark.slow
def test_a_small_store_is_read_and_walked(tmp_path, monkeypatch, capsys):
    home = Home.open(tmp_path)
    Recorder(home.metadata_db).run("run-1", [("Gen", "complete")])
    monkeypatch.setattr(sys, "argv", ["metadata", "--runs", "12", "--rounds", "1", "--home", str(home.root)])
    metadata.main()
    out = capsys.readouterr().out
    assert out.startswith("12 runs of 11 nodes, ")
    assert re.search(r"^report of a whole run( +[\d.]+){3} +\d+$", out, re.MULTILINE)
    assert len(re.findall(r"times as fast as the walk$", out, re.MULTILINE)) == 2
