"""Headless Chromium, driven over its DevTools protocol: JSON messages, each ended by a zero byte, through two pipes."""

import base64
import fcntl
import json
import os
import selectors
import subprocess
import time

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)
_SECONDS = 60


class Page:
    """One page of a browser of its own; use it as a context.

    Args:
        program: Path of Chromium.
        folder: Where its profile goes.
    """

    def __init__(self, program, folder):
        self.events, self._answers, self._buffer, self._number = [], {}, b"", 0
        self._process, self._in, self._out = _start(program, folder)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._in, selectors.EVENT_READ)
        self._session = None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.send(f"{domain}.enable")
        self.send("Emulation.setDeviceMetricsOverride", width=1400, height=900, deviceScaleFactor=1, mobile=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def send(self, method, **parameters):
        """Sends a command and returns its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + _SECONDS
        while self._number not in self._answers:
            self._read(end)
        answer = self._answers.pop(self._number)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def open(self, url):
        """Opens an address and waits until it is there."""
        self.events.clear()
        self.send("Page.navigate", url=url)
        self.wait("Page.loadEventFired")

    def wait(self, name):
        """Waits for an event."""
        end = time.monotonic() + _SECONDS
        while not self.named(name):
            self._read(end)

    def run(self, script):
        """Returns the value of an expression of JavaScript."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def click(self, selector):
        """Clicks into the middle of an element."""
        self.run(f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center'}})")
        place = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        x, y = self.run(f"(() => {{const r = {place}; return [r.x + r.width / 2, r.y + r.height / 2]}})()")
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key, code):
        """Presses a key."""
        text = "\r" if key == "Enter" else ""
        for kind in ("keyDown", "keyUp"):
            typed = {"text": text} if text and kind == "keyDown" else {}
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **typed)

    def colours(self, scheme):
        """Prefers `light` or `dark`."""
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self):
        """Returns what is seen as a PNG."""
        return base64.b64decode(self.send("Page.captureScreenshot")["data"])

    def named(self, *names):
        """Returns the parameters of the events of some names so far."""
        return [event["params"] for event in self.events if event["method"] in names]

    def requests(self):
        """Returns the addresses that were asked for."""
        return [event["request"]["url"] for event in self.named("Network.requestWillBeSent")]

    def complaints(self):
        """Returns errors, warnings, refusals of the page's policy, and dialogs."""
        return self.named(
            "Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening"
        )

    def _read(self, end):
        assert self._selector.select(max(0.0, end - time.monotonic())), "Chromium does not answer."
        chunk = os.read(self._in, 1 << 16)
        assert chunk, "Chromium has ended."
        *messages, self._buffer = (self._buffer + chunk).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self._answers[message["id"]] = message
            else:
                self.events.append(message)


def _start(program, folder):
    its_in, our_out = os.pipe()
    our_in, its_out = os.pipe()
    # Clear of the numbers that the pipes have in the browser.
    reads, writes = ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (its_in, its_out)]
    process = subprocess.Popen(
        ["bash", "-c", f'exec "$@" 3<&{reads} 4>&{writes}', "bash", program, *FLAGS, f"--user-data-dir={folder}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=ends,
    )
    for end in (its_in, its_out, *ends):
        os.close(end)
    return process, our_in, our_out
