"""Runs of a few nodes whose payloads a test writes as it likes."""

import json

import pytest

from pipeline.home import Home
from pipeline.report.environment import environment
from pipeline.report.material import Material
from tests.pipeline.report.test_page import Parsed


class Runs:
    """Runs in a home; each payload is a folder that `made` has filled."""

    def __init__(self, recorder):
        self._recorder, self._root = recorder, recorder.path.parent
        self.home = Home.open(self._root)
        self._known = {}

    def folder(self, run, kind):
        folder = self._root / "pipelines" / run / kind
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def made(self, kind, run="run-0", node="Node", inputs=(), state="complete", artifact=None, **parameters):
        """Writes that a node has put out an artifact of a type, and returns its folder."""
        folder = self.folder(run, kind)
        ids = self._recorder.step(
            node,
            [self._known[one] for one in inputs],
            [(kind, folder, artifact or {})],
            run=run,
            state=state,
            **parameters,
        )
        self._known[run, kind] = ids[0]
        return folder

    def material(self, run="run-0"):
        store = self._recorder.opened()
        return Material(store, store.run(run), self.home)


@pytest.fixture
def runs(recorder):
    """A home without runs."""
    return Runs(recorder)


@pytest.fixture
def drawn():
    """Draws a section as a page does, and parses it."""

    def draw(section):
        template = "{% import 'macros.html' as draw %}{% include name with context %}"
        page = environment().from_string(template).render(name=section.template, facts=section.facts)
        return Parsed(page)

    return draw


def write_json(path, content):
    path.write_text(json.dumps(content))
