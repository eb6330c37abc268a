"""Archives of modules, unpacked so that a hostile one can neither leave its folder nor fill the disk."""

import shutil
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from components.errors import UsageError

SUFFIXES = (".tar", ".tar.gz", ".tgz")
MAX_BYTES = 8 * 2**30
MAX_MEMBERS = 10_000


def unpack(archive: Path, folder: Path, *, max_bytes: int = MAX_BYTES, max_members: int = MAX_MEMBERS) -> None:
    """Unpacks a tar archive into a folder that appears whole or not at all.

    Only plain files and folders are taken. Nothing is written through a link, over another member, or outside of the
    folder; owners and modes of the archive are not applied.

    Args:
        archive: The archive, plain or compressed.
        folder: Where to. One that exists (another process was faster) is left as it is.
        max_bytes: Most bytes that all members together may have, 8 GiB by default.
        max_members: Most members, 10,000 by default.

    Raises:
        UsageError: It is no tar archive, or one of the rules above is broken.
    """
    with beside(folder) as part:
        try:
            with tarfile.open(archive, "r:*") as opened:
                _extract(opened, part, max_bytes, max_members)
        except (tarfile.TarError, EOFError, OSError, ValueError) as error:
            raise UsageError(
                "The archive of a module must be a tar archive of plain files.",
                received=f"{archive.name}: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
                fix="Make it with `tar -czf module.tar.gz -C MODULE_FOLDER .`.",
            ) from error


@contextmanager
def beside(folder: Path) -> Iterator[Path]:
    """Gives an empty folder that takes the place of `folder` when the block ends without an error.

    Args:
        folder: The place. When it is taken by then, what is there stays.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.part")
    part.mkdir()
    try:
        yield part
        try:
            part.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _extract(archive: tarfile.TarFile, folder: Path, max_bytes: int, max_members: int) -> None:
    left = max_bytes
    for count, member in enumerate(archive, start=1):
        left -= member.size
        if count > max_members or left < 0:
            raise UsageError(
                "The archive of a module must not be larger than its bounds.",
                received=f"more than {max_members} members or {max_bytes} bytes",
                fix="Unpack it yourself and give the folder, if you trust it.",
            )
        target = folder.joinpath(*_parts(member))
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(archive, member, target)


def _parts(member: tarfile.TarInfo) -> tuple[str, ...]:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"the path {member.name!r} leaves the folder")
    if not (member.isfile() or member.isdir()):
        raise ValueError(f"{member.name!r} is a link or a device")
    return path.parts


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    source = archive.extractfile(member)
    assert source is not None
    # "x": a second member of the same name is refused.
    with source, target.open("xb") as file:
        shutil.copyfileobj(source, file, 2**20)
    if target.stat().st_size != member.size:
        raise ValueError(f"{member.name!r} is cut short")
