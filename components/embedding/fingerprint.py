"""What a module is, as a digest of its files: two of the same content embed the same."""

import hashlib

import tensorflow as tf

from components.trainer.hub import handles

_PART = 2**22


def module_digest(handle: str) -> str:
    """Returns the SHA-256 of a module's SavedModel, its files by name in order.

    Args:
        handle: The module, as `handles.resolve` takes it.

    Raises:
        UsageError: There is no such module, or no network to reach it by.
    """
    root = handles.resolve(handle)
    files = sorted(f"{folder}/{name}" for folder, _, names in tf.io.gfile.walk(root) for name in names)
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.removeprefix(root)}\0{tf.io.gfile.stat(path).length}\0".encode())
        with tf.io.gfile.GFile(path, "rb") as file:
            while part := file.read(_PART):
                digest.update(part)
    return digest.hexdigest()
