import json

from pipeline import tasks
from pipeline.cli import main


def test_every_task_is_listed(capsys):
    assert main(["tasks"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in tasks.names())


def test_json(capsys):
    assert main(["tasks", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"name": "taxi", "summary": tasks.load("taxi").summary} in rows
