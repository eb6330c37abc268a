"""MariaDB and PostgreSQL of Debian's packages, started on loopback for a test."""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PASSWORD = "pass:w/rd 1"
USER, DATABASE = "slipway", "metadata"

_POSTGRESQL = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]


def missing(kind):
    """Returns what has to be installed to start a server; nothing if all is there."""
    if kind == "mysql":
        return "" if shutil.which("mariadbd") and shutil.which("mariadb-install-db") else "mariadb-server"
    return "" if _POSTGRESQL else "postgresql"


@contextlib.contextmanager
def running(kind):
    """Starts a server with an empty database, yields its URL, and stops it."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    port = _free_port()
    server = None
    try:
        server = {"mysql": _mariadb, "postgresql": _postgresql}[kind](folder, port)
        yield f"{kind}://{USER}@127.0.0.1:{port}/{DATABASE}"
    finally:
        if server:
            server.terminate()
            server.wait(timeout=60)
        shutil.rmtree(folder)


def _mariadb(folder, port):
    data, socket_file = folder / "data", folder / "socket"
    user = f"--user={'mysql' if os.geteuid() == 0 else getpass.getuser()}"
    plain = "--auth-root-authentication-method=normal"
    _call("mariadb-install-db", "--no-defaults", user, f"--datadir={data}", plain, "--skip-test-db")
    if os.geteuid() == 0:
        shutil.chown(folder, "mysql")
    where = ["--bind-address=127.0.0.1", f"--port={port}", f"--socket={socket_file}", f"--pid-file={folder / 'pid'}"]
    server = _start("mariadbd", "--no-defaults", user, f"--datadir={data}", *where, log=folder / "log")
    client = ["mariadb", "--no-defaults", f"--socket={socket_file}", "--user=root", "--execute"]
    _until(lambda: _call(*client, "SELECT 1"), server, folder / "log")
    make = f"CREATE USER '{USER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'; CREATE DATABASE {DATABASE}; "
    _call(*client, f"{make} GRANT ALL ON {DATABASE}.* TO '{USER}'@'127.0.0.1'")
    return server


def _postgresql(folder, port):
    # It refuses to run as root.
    other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if other:
        shutil.chown(folder, "postgres")
    (folder / "password").write_text(PASSWORD)
    [programs], data = _POSTGRESQL, folder / "data"
    login = ["-U", USER, "-A", "scram-sha-256", f"--pwfile={folder / 'password'}"]
    _call(*other, str(programs / "initdb"), "-D", str(data), *login, "--no-sync")
    options = f"listen_addresses=127.0.0.1 port={port} fsync=off unix_socket_directories={folder}".split()
    command = [str(programs / "postgres"), "-D", str(data), *(word for option in options for word in ("-c", option))]
    # Not runuser, which would stay between: the server itself has to be stopped.
    identity = {"user": "postgres", "group": "postgres"} if other else {}
    server = _start(*command, log=folder / "log", **identity)
    _until(lambda: _query(port, f"CREATE DATABASE {DATABASE}"), server, folder / "log")
    return server


def _query(port, text):
    from pg8000 import dbapi

    connection = dbapi.connect(host="127.0.0.1", port=port, user=USER, password=PASSWORD, database="postgres")
    connection.autocommit = True
    connection.cursor().execute(text)
    connection.close()


def _start(*command, log, **identity):
    with log.open("w") as file:
        return subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, cwd="/", **identity)


def _call(*command):
    subprocess.run(command, check=True, capture_output=True, cwd="/")


def _until(answers, server, log):
    for _ in range(300):
        try:
            return answers()
        except Exception:  # noqa: BLE001 (whatever a server that starts does)
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
