"""One process at a time in a metadata store on SQLite."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def locked(database: str) -> Iterator[None]:
    """Waits until no other process of the project uses a store, and keeps them out.

    ML Metadata waits itself while another process writes, but two transactions that have both read before they write
    end in an error of one of them. The lock is the kernel's and goes with its process, however that ends.

    Args:
        database: The SQLite file; empty for a server, which needs no lock.
    """
    if not database:
        yield
        return
    descriptor = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
