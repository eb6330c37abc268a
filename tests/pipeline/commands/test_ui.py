import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from pipeline.cli import main
from pipeline.home import Home
from pipeline.report.server import Server

TOKEN = "a-token-that-nobody-knows"


@pytest.fixture
def home(tmp_path):
    return str(Home.open(tmp_path / "home").root)


@pytest.fixture
def url(home, monkeypatch, capsys):
    """Starts it, ends it at once, and returns the address that it has printed."""

    def interrupted(server):
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "serve_forever", interrupted)

    def start(*arguments):
        assert main(["ui", "--home", home, "--port", "0", *arguments]) == 0
        return capsys.readouterr().out.splitlines()[0]

    return start


def test_only_this_machine_reaches_it_and_needs_no_token(url):
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url())


def test_elsewhere_it_prints_a_token_that_it_made_up(url):
    first, second = (url("--host", "0.0.0.0").partition("?token=") for _ in range(2))
    assert len(first[2]) >= 32
    assert first[2] != second[2]


def test_a_token_that_was_given_is_not_printed(url, monkeypatch):
    monkeypatch.setenv("SLIPWAY_UI_TOKEN", TOKEN)
    assert "token" not in url("--host", "0.0.0.0")


@pytest.mark.slow
def test_it_answers_until_it_is_interrupted(home):
    # A shell lets what it starts in the background ignore the signal, and that is inherited.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    started = (
        f"{heard}; from pipeline.cli import main; raise SystemExit(main(['ui', '--home', {home!r}, '--port', '0']))"
    )
    with subprocess.Popen([sys.executable, "-c", started], stdout=subprocess.PIPE, text=True) as process:
        with urllib.request.urlopen(process.stdout.readline().strip(), timeout=30) as answer:
            assert b"No runs yet" in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("token", ["short", "x" * 20 + "; Path=/"])
def test_a_token_that_is_no_token(home, tmp_path, token, capsys):
    file = tmp_path / "token"
    file.write_text(token)
    assert main(["ui", "--home", home, "--token-file", str(file)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert token not in error


def test_a_port_that_is_taken(home, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["ui", "--home", home, "--port", str(taken.getsockname()[1])]) == 2
    assert "--port 0" in capsys.readouterr().err


def test_there_must_be_a_home(tmp_path, capsys):
    assert main(["ui", "--home", str(tmp_path / "none")]) == 2
    assert "Slipway home" in capsys.readouterr().err
