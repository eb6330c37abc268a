import re
import sys

import pytest

from benchmarks import metadata


@pytest.mark.slow
def test_a_small_store_is_read_and_walked(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["metadata", "--runs", "12", "--rounds", "1"])
    metadata.main()
    out = capsys.readouterr().out
    assert out.startswith("12 runs of 11 nodes, ")
    assert len(re.findall(r"times as fast as the walk$", out, re.MULTILINE)) == 2
