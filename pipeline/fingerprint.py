"""A digest of code: what makes a node run again when somebody edits a helper two imports away.

TFX's cache key sees `run_fn` and `preprocessing_fn` only as strings. The project adds this digest to their
`custom_config`: it covers the function's module and every module that it imports, directly or not, inside the project
and the user's own packages. Comments, docstrings and formatting do not count: the digest is taken of the syntax tree.
"""

import ast
import functools
import hashlib
import importlib.util
import site
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from components.errors import UsageError

_OURS = frozenset({"pipeline", "components"})
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
    modules = closure(path.rpartition(".")[0] for path in import_paths)
    digest = hashlib.sha256()
    for name, path in sorted(modules.items()):
        digest.update(f"{name}\0{_digest_of_source(path)}\0".encode())
    return digest.hexdigest()


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
    for node in _executed(_tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
                yield from _parents(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            yield base
            yield from _parents(base)
            yield from (f"{base}.{alias.name}" for alias in node.names)


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
    if top != name and _file_of(top) is None:
        return None
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return None
    path = Path(spec.origin)
    installed = any(path.resolve().is_relative_to(folder) for folder in _INSTALLED)
    return path if top in _OURS or not installed else None


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), filename=str(path))


def _digest_of_source(path: Path) -> str:
    tree = _tree(path)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()
