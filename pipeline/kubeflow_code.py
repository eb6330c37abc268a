"""The folder `kubeflow/`, importable also where the Kubeflow SDK, a package of the same name, is installed.

    python -m pipeline.kubeflow_code entrypoint ARGUMENTS

The folder has no `__init__.py`: Python takes it for a part of a namespace and prefers the SDK, a regular package,
wherever that lies on its path. So the SDK is never shadowed, and `import_code` appends the folder to the places in
which `kubeflow` is searched.
"""

import importlib
import runpy
import sys
from pathlib import Path
from types import ModuleType

PACKAGE = "kubeflow"
PROJECT = Path(__file__).resolve().parents[1]


def make_importable() -> None:
    """Lets `kubeflow.X` find the modules of the folder after those of the SDK."""
    if str(PROJECT) not in sys.path:
        sys.path.append(str(PROJECT))
    package = importlib.import_module(PACKAGE)
    folder = str(PROJECT / PACKAGE)
    # A namespace finds it by itself: its places follow sys.path.
    if folder not in package.__path__:
        package.__path__.append(folder)


def import_code(name: str) -> ModuleType:
    """Returns a module of the folder.

    Args:
        name: Its name inside the folder, such as `compilation`.
    """
    make_importable()
    return importlib.import_module(f"{PACKAGE}.{name}")


if __name__ == "__main__":
    make_importable()
    del sys.argv[0]
    runpy.run_module(f"{PACKAGE}.{sys.argv[0]}", run_name="__main__", alter_sys=True)
