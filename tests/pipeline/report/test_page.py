import re
from html.parser import HTMLParser

import pytest

from pipeline.report.material import Material
from pipeline.report.page import page
from tests.pipeline.report.conftest import MadeRun

# What can be the name of a folder, and so of a run of a home, and what cannot.
HOSTILE = (
    "\"' onload=ran() x='<img src=x onerror=ran()>{{ 7 * 7 }}{% raw %}javascript:ran()\u202egpj.exe\x07\x1b[31m",
    "</script><script>ran()</script></style></title></textarea>-->]]>",
)
OWN_TAGS = {"script": 1, "style": 1}
LINKS = ("href", "src", "action", "xlink:href", "formaction", "srcset", "data", "poster")


class Parsed(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.texts, self.policy = [], [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        given = dict(attributes)
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return " ".join(self.texts)


@pytest.fixture
def parsed(made_run):
    return Parsed(page(made_run.material(), index="index.html"))


def test_a_page_shows_the_whole_run(parsed):
    told = {
        "Will the tip be big?",
        "my.run_fn",
        "the last line",
        "A notice",
        "0.36 s",
        "They wait",
        "custom_config.training.seed",
        "abcdef012345",
        "version 17",
    }
    assert [words for words in told if words not in parsed.text] == []
    ids = [value for name, value in parsed.attributes if name == "id"]
    assert {"dag", "model-card", "training", "serving", "lineage"} <= set(ids)
    assert len(ids) == len(set(ids))
    assert [parsed.tags.count(tag) for tag in ("h1", "main", "nav", "header", "footer")] == [1] * 5


def test_a_page_asks_for_nothing_and_runs_only_its_own_script(parsed):
    links = {value for name, value in parsed.attributes if name in LINKS}
    assert {link for link in links if not link.startswith(("#", "data:,"))} == {"index.html"}
    assert not [name for name, _ in parsed.attributes if name.startswith("on") or name == "style"]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-\S+'; script-src 'sha256-\S+'; img-src data:; media-src data:;"
        r" base-uri 'none'; form-action 'none'",
        parsed.policy,
    )


@pytest.mark.parametrize("text", HOSTILE, ids=["of a home", "of a store"])
def test_hostile_values_are_texts(recorder, text):
    plain = Parsed(page(MadeRun(recorder).material()))
    found = Parsed(page(MadeRun(recorder, text).material()))
    names = {name for name, _ in found.attributes}
    assert names == {name for name, _ in plain.attributes}
    assert {tag: found.tags.count(tag) for tag in OWN_TAGS} == OWN_TAGS
    assert set(found.tags) <= set(plain.tags)
    links = [value for name, value in found.attributes if name in LINKS]
    assert all(link.startswith(("#", "data:,")) for link in links)
    shown = re.sub("[\x00-\x1f\x7f\u202e]", lambda one: f"⟨U+{ord(one[0]):04X}⟩", text)
    for words in ("the note", "my.run_fn", "/data", "metric", "They wait", "seen"):
        assert f"{words}{shown}" in found.text, words


def test_a_run_that_goes_on_is_read_anew_and_no_other(recorder, made_run):
    recorder.run("run-2", [("Gen", "complete"), ("Trainer", "running")])
    store = recorder.opened()
    running, done = (Material(store, store.run(name), made_run.home) for name in ("run-2", "run-1"))
    assert 'data-reload="5"' in page(running, reload=5)
    assert "data-reload" not in page(running)
    assert "data-reload" not in page(done, reload=5)


def test_a_store_without_its_home_says_what_is_missing(recorder):
    [data] = recorder.step("Gen", outputs=[("Examples", "gs://bucket/1", {})], run="r")
    recorder.step("Trainer", [data], [("Model", "/gone/2", {})], run="r")
    store = recorder.opened()
    text = Parsed(page(Material(store, store.run("r")))).text
    assert "2 of 2 payloads are not on this machine, or no more: Examples, Model." in text
    assert "Neither history.json beside the training nor the events" in text
    assert "a digest of the code" in text


def test_a_run_without_a_node_has_a_page(recorder):
    recorder.run("empty", [])
    recorder.store.put_contexts([recorder._context("pipeline_run", "empty")])
    store = recorder.opened()
    assert "knows no node of this run" in Parsed(page(Material(store, store.run("empty")))).text
