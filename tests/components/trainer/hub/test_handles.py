import hashlib
import http.server
import shutil
import socket
import tarfile
import threading
import time
from pathlib import Path

import pytest

from components.errors import UsageError
from components.trainer.hub import download, handles


def archived(module, path, inside="."):
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as file:
        file.add(module, inside)
    return path


@pytest.fixture
def server(tmp_path):
    """Serves the folder `served` and tells which paths were asked for."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=tmp_path / "served")

        def log_message(self, *_):
            asked.append(self.path)

    asked = []
    (tmp_path / "served").mkdir()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}", tmp_path / "served", asked
        serving.shutdown()


def test_a_folder_is_taken_as_it_is(tiny_module, cache):
    assert handles.resolve(str(tiny_module)) == str(tiny_module)
    assert not cache.exists()


@pytest.mark.parametrize(("name", "inside"), [("m.tar", "."), ("m.tar.gz", "."), ("m.tgz", "module")])
def test_an_archive_is_unpacked_once_into_the_cache(tiny_module, tmp_path, cache, name, inside):
    made = archived(tiny_module, tmp_path / name, inside)
    folder = Path(handles.resolve(str(made)))
    assert folder.is_relative_to(cache)
    assert (folder / "saved_model.pb").read_bytes() == (tiny_module / "saved_model.pb").read_bytes()
    before = folder.stat().st_mtime_ns
    shutil.move(made, tmp_path / f"moved-{name}")
    assert handles.resolve(str(tmp_path / f"moved-{name}")) == str(folder)
    assert folder.stat().st_mtime_ns == before


def test_a_file_system_of_tensorflow_gives_folders_and_archives(tiny_module, tmp_path, cache):
    assert handles.resolve(f"file://{tiny_module}") == f"file://{tiny_module}"
    handle = f"file://{archived(tiny_module, tmp_path / 'm.tar.gz')}"
    folder = Path(handles.resolve(handle))
    assert folder == cache / hashlib.sha1(handle.encode()).hexdigest()
    assert (folder / "saved_model.pb").is_file()
    for missing in ("none", "none.tar.gz"):
        with pytest.raises(UsageError, match=f"handle=file://{tmp_path}/{missing}"):
            handles.resolve(f"file://{tmp_path}/{missing}")


def test_the_cache_is_in_the_users_cache_by_default(monkeypatch):
    monkeypatch.delenv("TFHUB_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert handles.cache_dir() == Path("/caches/slipway/hub")


def test_a_url_is_downloaded_once_and_asks_for_the_archive(tiny_module, server, cache):
    url, served, asked = server
    archived(tiny_module, served / "nnlm.tar.gz")
    folder = handles.resolve(f"{url}/nnlm.tar.gz")
    assert folder == str(cache / hashlib.sha1(f"{url}/nnlm.tar.gz".encode()).hexdigest())
    assert handles.resolve(f"{url}/nnlm.tar.gz") == folder
    assert asked == ["/nnlm.tar.gz?tf-hub-format=compressed"]
    assert [path.name for path in cache.iterdir()] == [Path(folder).name]


def test_a_download_larger_than_its_bound_is_refused(server, cache):
    url, served, _ = server
    (served / "big.tar.gz").write_bytes(bytes(5000))
    with pytest.raises(UsageError, match="more than 4999 bytes"):
        download.fetch(f"{url}/big.tar.gz", cache, max_bytes=4999)
    assert list(cache.iterdir()) == []


def test_a_module_that_is_not_there_and_a_page_are_refused(server, cache):
    url, served, _ = server
    (served / "page").write_text("<html>A page about the module</html>")
    with pytest.raises(UsageError, match="HTTP 404"):
        handles.resolve(f"{url}/none.tar.gz")
    with pytest.raises(UsageError, match="tar archive"):
        handles.resolve(f"{url}/page")
    assert list(cache.iterdir()) == []


def test_no_network_is_one_line_with_the_handle_and_the_way_out(monkeypatch):
    def refuse(*_, **__):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", refuse)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for handle in ("https://tfhub.dev/google/nnlm-en-dim50/2", "gs://tfhub-modules/google/nnlm"):
        with pytest.raises(UsageError) as caught:
            handles.resolve(handle)
        assert handle in str(caught.value)
        assert "Network is unreachable" in str(caught.value)
        assert "TFHUB_CACHE_DIR" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_server_that_says_nothing_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        with pytest.raises(UsageError, match="timed out"):
            handles.resolve(f"http://127.0.0.1:{silent.getsockname()[1]}/m.tar.gz", timeout=0.3)
    assert time.monotonic() - start < 5


def test_a_wrong_path_is_told_from_a_folder_without_a_module(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        handles.resolve(str(tmp_path / "none"))
    with pytest.raises(UsageError, match=r"holds no saved_model\.pb"):
        handles.resolve(str(tmp_path))
    (tmp_path / "model.h5").touch()
    with pytest.raises(UsageError, match="SavedModel folder"):
        handles.resolve(str(tmp_path / "model.h5"))
    with pytest.raises(UsageError, match="nosuch://bucket/module"):
        handles.resolve("nosuch://bucket/module")
