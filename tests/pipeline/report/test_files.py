import hypothesis.strategies as st
import pytest
from hypothesis import given

from pipeline.report.files import INDEX, file_name, write_all, write_comparison, write_page
from pipeline.report.material import Material


@given(st.text(max_size=300), st.text(max_size=300))
def test_each_run_has_a_file_of_its_own(one, other):
    for run in (one, other):
        assert len(file_name(run)) < 200
        assert not set(file_name(run)) & set('/\\:<>"?*\0')
    assert (file_name(one) == file_name(other)) == (one == other)


@pytest.fixture
def materials(made_run, recorder):
    recorder.run("run-2", [("Gen", "complete")])
    store = recorder.opened()
    return [Material(store, run, made_run.home) for run in store.runs()]


def test_pages_link_to_each_other(materials, tmp_path):
    folder = tmp_path / "pages" / "new"
    written = list(write_all(materials, folder, "metadata.db"))
    assert [one.path.name for one in written] == ["run-2.html", "run-1.html", INDEX]
    assert [one.bytes for one in written] == [one.path.stat().st_size for one in written]
    assert {path.name for path in folder.iterdir()} == {one.path.name for one in written}
    listed = (folder / INDEX).read_text()
    assert 'href="run-1.html"' in listed
    assert "forced" in listed
    assert 'href="index.html"' in (folder / "run-1.html").read_text()
    assert "<form" not in listed


def test_a_page_alone_links_nowhere(materials, tmp_path):
    written = write_page(materials[0], tmp_path / "alone")
    assert 'href="index.html"' not in written.path.read_text()


def test_a_page_that_fails_leaves_the_one_before(materials, tmp_path, monkeypatch):
    path = write_page(materials[0], tmp_path / "pages").path
    before = path.read_text()
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_page(materials[0], tmp_path / "pages")
    assert path.read_text() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_runs_side_by_side(materials, tmp_path):
    folder = tmp_path / "pages"
    text = write_comparison(materials, folder).path.read_text()
    assert "my.run_fn" in text
    assert "custom_config.training.seed" in text
    assert 'href="run-1.html"' not in text
    list(write_all(materials, folder, "metadata.db"))
    linked = write_comparison(materials, folder)
    assert 'href="run-1.html"' in linked.path.read_text()
    assert linked.runs == ("run-2", "run-1")
