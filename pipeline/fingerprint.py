"""Digests of code: what makes a node run again when somebody edits a helper two imports away.

TFX's cache key sees `run_fn` and `preprocessing_fn` only as strings, and of an executor the name of its class. The
project adds digests to what a node is told: of a function's module and of every module that it imports, directly or
not, inside the project and the user's own packages. Comments, docstrings and formatting do not count: a digest is taken
of the syntax tree.
"""

import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import site
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from components.errors import UsageError

# As many digits as tell two versions of a module apart, and no more: an execution carries a digest for each module.
_SHORT = 16
_OURS = frozenset({"pipeline", "components"})
_LIBRARIES = (
    "keras",
    "tensorflow",
    "tensorflow-data-validation",
    "tensorflow-model-analysis",
    "tensorflow-transform",
    "tfx",
)
_INSTALLED = tuple(
    {
        Path(folder).resolve()
        for folder in (*site.getsitepackages(), sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    }
)


def fingerprint(*import_paths: str) -> str:
    """Returns a digest of the code behind some functions.

    Args:
        *import_paths: Dotted paths of functions, such as `pipeline.tasks.taxi.model.build_model`.

    Returns:
        64 hexadecimal digits, the same on every machine that has the same code and the same minor version of Python.

    Raises:
        UsageError: A module does not exist.
    """
    told = "".join(f"{name}\0{digest}\0" for name, digest in modules(*import_paths).items())
    return hashlib.sha256(told.encode()).hexdigest()


def modules(*import_paths: str) -> dict[str, str]:
    """Returns the digest of each module behind some functions, by name.

    Args:
        *import_paths: As for `fingerprint`.

    Raises:
        UsageError: A module does not exist.
    """
    found = closure(path.rpartition(".")[0] for path in import_paths)
    return {name: _source(path).digest[:_SHORT] for name, path in sorted(found.items())}


def versions() -> dict[str, str]:
    """Returns the versions of the libraries that decide on what a node makes."""
    return {name: importlib.metadata.version(name) for name in _LIBRARIES}


def closure(modules: Iterable[str]) -> dict[str, Path]:
    """Returns some modules and what they import of the project and the user, with their files."""
    found: dict[str, Path] = {}
    waiting = list(modules)
    for name in waiting:
        if _file_of(name) is None:
            raise UsageError(
                "Code is named by the import path of a function.", received=name, fix="Check the module's name."
            )
    while waiting:
        name = waiting.pop()
        path = None if name in found else _file_of(name)
        if path is None:
            continue
        found[name] = path
        waiting.extend(_imports(name, path))
    return found


def _imports(name: str, path: Path) -> Iterator[str]:
    """Yields what a module may import: its parent packages, and of `from a import b` both `a` and `a.b`."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    yield from _parents(name)
    for level, base, names in _source(path).imports:
        base = importlib.util.resolve_name("." * level + base, package) if level else base
        yield base
        yield from _parents(base)
        yield from (f"{base}.{inner}" for inner in names)


@dataclass(frozen=True)
class _Source:
    """What is needed of a source file: its digest, and its imports as level, module and names."""

    digest: str
    imports: tuple[tuple[int, str, tuple[str, ...]], ...]


def _source(path: Path) -> _Source:
    stat = path.stat()
    return _parsed(path, stat.st_mtime_ns, stat.st_size)


# Several functions share most of their modules.
@functools.cache
def _parsed(path: Path, _changed: int, _size: int) -> _Source:
    tree = ast.parse(path.read_bytes(), filename=str(path))
    return _Source(_digest(tree), tuple(_named(tree)))


def _named(tree: ast.Module) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    for node in _executed(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", tuple(alias.name for alias in node.names)


def _executed(tree: ast.AST) -> Iterator[ast.AST]:
    """Yields the nodes of a syntax tree but those that only type checkers read."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")):
            yield from _executed(child)


def _parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    for end in range(1, len(parts)):
        yield ".".join(parts[:end])


@functools.cache
def _file_of(name: str) -> Path | None:
    """Returns a module's source file, or None when there is none or when it belongs to an installed package."""
    top = name.partition(".")[0]
    spec = _spec(name) if top == name or _file_of(top) is not None else None
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return None
    path = Path(spec.origin)
    installed = any(path.resolve().is_relative_to(folder) for folder in _INSTALLED)
    return path if top in _OURS or not installed else None


@functools.cache
def _spec(name: str) -> ModuleSpec | None:
    """Finds a module. `importlib.util.find_spec` would import the packages that it is in, and they TensorFlow."""
    parent, _, _ = name.rpartition(".")
    if not parent:
        return importlib.util.find_spec(name)
    found = _spec(parent)
    places = found.submodule_search_locations if found else None
    return PathFinder.find_spec(name, places) if places is not None else None


def _digest(tree: ast.Module) -> str:
    """Returns the digest of a module, from which it takes the docstrings."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()
