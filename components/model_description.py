"""What goes with a served model for people and programs: what it takes, and how its classes are called.

It lies beside the SavedModel's own files, in `assets.extra/slipway.json`, so it is pushed, copied and moved with them.
No TensorFlow here: the command line reads it.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from components.errors import UsageError
from components.settings import from_dict, to_dict
from components.whole_file import whole_file

FILE = Path("assets.extra", "slipway.json")

Kind = Literal["image", "audio", "text"]


@dataclass(frozen=True)
class InputDescription:
    """An input of `serving_default`.

    Args:
        kind: What it is a file or a text of; None for a number, or a word out of a list.
        optional: Whether it may be missing.
        missing: The value that stands for a missing one; None where that is NaN.
        several: Whether a row may have several values.
    """

    kind: Kind | None = None
    optional: bool = False
    missing: str | int | None = None
    several: bool = False


@dataclass(frozen=True)
class ModelDescription:
    """What a served model takes and says.

    Args:
        inputs: Name of an input to what it is.
        classes: Names of the classes in the order of their ids; empty where nobody has named them.
    """

    inputs: dict[str, InputDescription] = field(default_factory=dict)
    classes: tuple[str, ...] = ()

    @property
    def main_input(self) -> str | None:
        """The input that a person has as a file or a text, an image before a sound before a text; None without."""
        kinds = {described.kind: name for name, described in reversed(self.inputs.items())}
        return next((kinds[kind] for kind in ("image", "audio", "text") if kind in kinds), None)

    @property
    def main_kind(self) -> Kind | None:
        """What the main input is; None without one."""
        return self.inputs[self.main_input].kind if self.main_input else None

    def write(self, model: Path) -> None:
        """Writes it into the folder of a SavedModel, beside and then renamed."""
        file = model / FILE
        file.parent.mkdir(exist_ok=True)
        with whole_file(file) as beside:
            beside.write_text(json.dumps(to_dict(self), indent=2) + "\n")

    @classmethod
    def read(cls, model: Path) -> "ModelDescription":
        """Returns what lies in the folder of a SavedModel.

        Raises:
            UsageError: There is none, or it cannot be read.
        """
        try:
            return from_dict(cls, json.loads((model / FILE).read_text()))
        except (OSError, ValueError) as error:
            raise UsageError(
                "A served model must say what it takes.",
                received=f"{model} without a readable {FILE}",
                fix="Push it again with `slipway run TASK --from Trainer --no-cache`.",
            ) from error
