"""Requests to stop, counted instead of raised."""

import signal
from contextlib import ExitStack
from typing import Self


class Interrupts:
    """Counts SIGINT, SIGTERM and SIGHUP instead of raising KeyboardInterrupt, as a context manager."""

    def __init__(self) -> None:
        self.count = 0
        self._restore = ExitStack()

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup` ignores SIGHUP so that a run goes on when its terminal closes.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._restore.callback(signal.signal, number, signal.signal(number, self._received))
        return self

    def __exit__(self, *_: object) -> None:
        self._restore.close()

    def _received(self, *_: object) -> None:
        self.count += 1
