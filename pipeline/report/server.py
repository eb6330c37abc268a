"""The pages in a browser: a server that reads and nothing else."""

import hmac
import html
import socket
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from components.errors import UsageError
from pipeline.report.views import Views

TOKEN = "token"  # noqa: S105 (the name of a parameter)

_IDLE_SECONDS = 30
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def is_loopback(host: str) -> bool:
    """Whether an address, or whatever a name stands for, is reached from this machine only."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return all(ip_address(str(address[4][0]).partition("%")[0]).is_loopback for address in found)


class Server(ThreadingHTTPServer):
    """Answers GET and HEAD with the pages of a store.

    Args:
        host: The address to listen at.
        port: The port; 0 takes a free one.
        views: The pages.
        token: What a browser must show before it sees any; None on an address that only this machine reaches.
    """

    daemon_threads = True

    def __init__(self, host: str, port: int, views: Views, token: str | None) -> None:
        self.views, self.token = views, token
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self.address_family = family
        # One page is made at a time: a reader who asks for many must not fill the memory.
        self.making = threading.Lock()
        super().__init__(address[:2], _Handler)  # type: ignore[arg-type]
        shown = f"[{address[0]}]" if family == socket.AF_INET6 else str(address[0])
        self.url = f"http://{shown}:{self.server_port}/"
        self.hosts = {f"{name}:{self.server_port}" for name in (*_LOOPBACK_NAMES, shown)}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of a reader who went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    @property
    def cookie(self) -> str:
        """The name of the cookie with the token; browsers share cookies between the ports of a machine."""
        return f"slipway_{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = _IDLE_SECONDS

    def do_GET(self) -> None:
        self._guarded()

    do_HEAD = do_GET  # noqa: N815

    def _refused(self) -> None:
        self._send(HTTPStatus.METHOD_NOT_ALLOWED, _note("Pages are read here, nothing else."), {"Allow": "GET, HEAD"})

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = _refused  # noqa: N815

    def version_string(self) -> str:
        return "Slipway"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name is the library's)
        """Writes nothing: the first line of a request may hold the token."""

    def _guarded(self) -> None:
        # A page elsewhere can make its own name stand for this machine; what it then sends is its own name. Where a
        # token is asked for, the browser has it for the right name only.
        if self.server.token is None and self.headers.get("Host", "").lower() not in self.server.hosts:
            self._send(HTTPStatus.MISDIRECTED_REQUEST, _note(f"This is {self.server.url}"))
        elif self._is_token(self._offered()):
            self._let_in()
        elif self.server.token is None or self._is_known():
            self._answer()
        else:
            self._send(HTTPStatus.UNAUTHORIZED, _note("Open the address with the token that `slipway ui` has printed."))

    def _answer(self) -> None:
        try:
            with self.server.making:
                page = self.server.views.answer(self.path)
        except (UsageError, ValueError) as error:
            self._send(HTTPStatus.NOT_FOUND, _note(str(error)))
        except Exception as error:  # noqa: BLE001 (the server goes on, whatever a page stumbles over)
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, _note(f"{type(error).__name__}: {error}"))
        else:
            found = HTTPStatus.NOT_FOUND if page is None else HTTPStatus.OK
            self._send(found, _note("There is no such page.") if page is None else page)

    def _offered(self) -> str | None:
        """Returns the token in the address."""
        return dict(parse_qsl(urlsplit(self.path).query)).get(TOKEN)

    def _is_known(self) -> bool:
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        try:
            cookie = SimpleCookie(self.headers.get("Cookie", "")).get(self.server.cookie)
        except CookieError:
            cookie = None
        return self._is_token(cookie.value if cookie else None) or (scheme == "Bearer" and self._is_token(given))

    def _is_token(self, given: str | None) -> bool:
        wanted = self.server.token
        return wanted is not None and given is not None and hmac.compare_digest(given.encode(), wanted.encode())

    def _let_in(self) -> None:
        """Keeps the token in a cookie and sends the browser to the address without it, which is the one it notes."""
        parts = urlsplit(self.path)
        query = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] != TOKEN])
        # One slash: two would name another server.
        place = "/" + parts.path.lstrip("/") + (f"?{query}" if query else "")
        cookie = f"{self.server.cookie}={self.server.token}; Path=/; HttpOnly; SameSite=Strict"
        self._send(HTTPStatus.SEE_OTHER, "", {"Location": place, "Set-Cookie": cookie})

    def _send(self, status: HTTPStatus, page: str, more: Mapping[str, str] | None = None) -> None:
        content = page.encode()
        self.send_response(status)
        for name, value in {**_HEADERS, **(more or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _note(text: str) -> str:
    """Returns a page with one sentence."""
    return f'<!DOCTYPE html><html lang="en"><title>Slipway</title><p>{html.escape(text)}</p></html>'
