import http.client
import threading
from contextlib import contextmanager

import pytest

from pipeline.report.server import Server, is_loopback
from pipeline.report.views import Views

TOKEN = "a-token-that-nobody-knows"


@contextmanager
def served(home, token=None):
    with Server("127.0.0.1", 0, Views(None, home), token) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ask(server, path="/", method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    connection.putrequest(method, path, skip_host=True)
    for name, value in {"Host": f"127.0.0.1:{server.server_port}", **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, dict(answer.getheaders()), text


def test_the_pages_of_a_home(made_run, recorder):
    recorder.run("run-2", [("Gen", "running")])
    with served(made_run.home) as server:
        status, headers, text = ask(server)
        assert status == 200
        assert 'href="/run?id=run-1"' in text
        assert 'data-reload="5"' in text
        assert headers["X-Content-Type-Options"] == "nosniff"
        status, _, text = ask(server, "/run?id=run-1")
        assert (status, "data-reload" in text) == (200, False)
        status, _, text = ask(server, "/run?id=run-2")
        assert (status, "data-reload" in text) == (200, True)
        status, _, text = ask(server, "/compare?run=run-1&run=run-2")
        assert (status, 'href="/run?id=run-2"' in text) == (200, True)


def test_what_is_not_there(made_run):
    with served(made_run.home) as server:
        for path in ("/nothing", "/run", "/run?id=none", "/compare?run=run-1", "/../home.json", "/runs/run-1/log.txt"):
            assert ask(server, path)[0] == 404, path
        assert "&lt;b&gt;" in ask(server, "/run?id=<b>")[2]
        assert ask(server, "//evil.example/%2e%2e")[0] == 404


def test_a_home_without_a_store_has_no_runs_yet(tmp_path):
    from pipeline.home import Home

    with served(Home.open(tmp_path)) as server:
        assert "No runs yet" in ask(server)[2]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(made_run, method):
    with served(made_run.home) as server:
        status, headers, _ = ask(server, method=method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_head_has_the_length_and_no_page(made_run):
    with served(made_run.home) as server:
        status, headers, text = ask(server, method="HEAD")
    assert (status, text) == (200, "")
    assert int(headers["Content-Length"]) > 1000


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1", "127.0.0.1.evil.example"])
def test_a_name_that_is_not_this_machines_is_refused(made_run, host):
    with served(made_run.home) as server:
        assert ask(server, Host=host)[0] == 421
        assert ask(server, Host=f"localhost:{server.server_port}")[0] == 200


def test_nothing_is_shown_without_the_token(made_run):
    with served(made_run.home, TOKEN) as server:
        name = f"slipway_{server.server_port}"
        for headers in (
            {},
            {"Cookie": f"{name}=wrong"},
            {"Cookie": "\x7f=;=,"},
            {"Authorization": "Bearer wrong"},
            {"Authorization": f"Basic {TOKEN}"},
        ):
            status, _, text = ask(server, "/run?id=run-1", **headers)
            assert (status, "run-1" in text) == (401, False), headers
        assert ask(server, "/?token=wrong")[0] == 401
        assert ask(server, Authorization=f"Bearer {TOKEN}")[0] == 200
        assert ask(server, Cookie=f"{name}={TOKEN}")[0] == 200


def test_the_token_leaves_the_address(made_run):
    with served(made_run.home, TOKEN) as server:
        status, headers, _ = ask(server, f"//run?id=run-1&token={TOKEN}")
        assert (status, headers["Location"]) == (303, "/run?id=run-1")
        assert headers["Set-Cookie"].endswith("HttpOnly; SameSite=Strict")
        assert ask(server, headers["Location"], Cookie=headers["Set-Cookie"].split(";")[0])[0] == 200


def test_a_page_that_cannot_be_made_ends_nothing(made_run, monkeypatch):
    with served(made_run.home) as server:
        monkeypatch.setattr(server.views, "answer", lambda target: 1 / 0)
        assert ask(server)[0] == 500
        monkeypatch.undo()
        assert ask(server)[0] == 200


def test_which_addresses_only_this_machine_reaches():
    assert [is_loopback(host) for host in ("127.0.0.1", "127.8.8.8", "0.0.0.0", "192.0.2.1")] == [
        True,
        True,
        False,
        False,
    ]
