import shutil
import threading

import pytest

from pipeline.report.files import write_all
from pipeline.report.server import Server
from pipeline.report.views import Views
from tests.pipeline.report.chromium import Page
from tests.pipeline.report.conftest import MadeRun

CHROMIUM = shutil.which("chromium")
ATTACK = "\"'><img src=x onerror=ran()><svg onload=ran()>javascript:ran()"
TAB, ENTER = ("Tab", 9), ("Enter", 13)
BOX = 'a.box[aria-label^="Trainer"]'

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="There is no Chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Page(CHROMIUM, tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.fixture
def written(recorder, made_run, tmp_path):
    """The folder with the pages of a plain run and one whose texts attack."""
    hostile = MadeRun(recorder, ATTACK)
    folder = tmp_path / "pages"
    list(write_all([made_run.material(), hostile.material()], folder, "metadata.db"))
    return folder


def is_open(browser, node):
    return browser.run(
        f"[...document.querySelectorAll('.card')].find(c => c.querySelector('.node').textContent === '{node}').open"
    )


def test_a_node_opens_with_a_click(browser, written):
    browser.open((written / "run-1.html").as_uri())
    assert not is_open(browser, "Trainer")
    browser.click(BOX)
    assert is_open(browser, "Trainer")
    assert browser.run("document.activeElement.tagName") == "SUMMARY"
    assert browser.requests() == [(written / "run-1.html").as_uri()]
    assert browser.complaints() == []


def test_a_node_opens_with_the_keyboard_alone(browser, written):
    browser.open((written / "run-1.html").as_uri())
    for _ in range(30):
        browser.press(*TAB)
        if browser.run(f"document.activeElement.matches({BOX!r})"):
            break
    browser.press(*ENTER)
    assert is_open(browser, "Trainer")
    browser.press(*ENTER)
    assert not is_open(browser, "Trainer")


def test_the_first_tab_leads_past_the_navigation(browser, written):
    browser.open((written / "run-1.html").as_uri())
    browser.press(*TAB)
    browser.press(*ENTER)
    assert browser.run("document.activeElement.id") == "content"


def test_light_and_dark_differ_and_can_be_read(browser, written):
    browser.open((written / "run-1.html").as_uri())
    shots = {}
    for scheme in ("light", "dark"):
        browser.colours(scheme)
        shots[scheme] = browser.screenshot()
        # WCAG 2 asks of text for a contrast of 4.5.
        assert browser.run(CONTRAST) >= 4.5, scheme
    assert shots["light"] != shots["dark"]


CONTRAST = """(() => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map((v) => v / 255)
    .map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, place) => sum + v * [.2126, .7152, .0722][place], 0);
  const back = (one) => { for (; one; one = one.parentElement) {
    const found = parts(getComputedStyle(one).backgroundColor);
    if (found.length === 3 || found[3]) return found;
  } };
  const text = document.querySelectorAll(".state, p, dt, dd, a, td, th, summary, .tick, .name, .sub, code, li");
  return Math.min(...[...text].map((one) => {
    const style = getComputedStyle(one), drawn = one.closest("svg") && one.tagName !== "a";
    const [a, b] = [light(parts(drawn ? style.fill : style.color)), light(back(one))].sort((x, y) => y - x);
    return (a + .05) / (b + .05);
  }));
})()"""


def test_nothing_is_wider_than_the_window(browser, written):
    for width in (1400, 700, 380):
        browser.send("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        browser.open((written / "run-1.html").as_uri())
        assert browser.run("document.documentElement.scrollWidth") <= width
    browser.send("Emulation.setDeviceMetricsOverride", width=1400, height=900, deviceScaleFactor=1, mobile=False)


def test_hostile_texts_do_nothing(browser, written):
    for path in sorted(written.glob("*.html")):
        browser.open(path.as_uri())
        browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert browser.run("typeof ran") == "undefined"
        assert browser.requests() == [path.as_uri()]
        assert browser.complaints() == []


def test_the_policy_stops_what_would_get_in(browser, written):
    browser.open((written / "run-1.html").as_uri())
    browser.run(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.got = 1\">');"
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.got = 2'}))"
    )
    assert browser.run("new Promise((done) => setTimeout(() => done(typeof window.got), 200))") == "undefined"
    assert browser.complaints()


def test_the_list_is_sorted_by_the_column_that_is_chosen(browser, written):
    browser.open((written / "index.html").as_uri())
    first = "document.querySelector('tbody th').textContent"
    browser.click("thead th:first-of-type button")
    one = browser.run(first)
    browser.click("thead th:first-of-type button")
    assert {one, browser.run(first)} == {"run-1", f"run-1{ATTACK}"}
    assert browser.run("document.querySelector('th[aria-sort]').ariaSort") == "descending"


def test_a_run_that_goes_on_is_read_anew_and_stays_as_it_was(browser, recorder, made_run, monkeypatch):
    recorder.run("run-2", [("Gen", "complete"), ("Trainer", "running")])
    monkeypatch.setattr("pipeline.report.views.RELOAD", 1)
    with Server("127.0.0.1", 0, Views(None, made_run.home), None) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            browser.open(f"{server.url}run?id=run-2")
            browser.click(BOX)
            browser.run("window.before = true")
            browser.events.clear()
            browser.wait("Page.loadEventFired")
            assert browser.run("typeof window.before") == "undefined"
            assert is_open(browser, "Trainer")
            assert browser.complaints() == []
        finally:
            browser.send("Page.navigate", url="about:blank")
            server.shutdown()
            thread.join()
