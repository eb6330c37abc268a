"""Components as small as they get; a module of its own, as TFX imports components by their path."""

import os
import signal
import time
from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import String


@component
def Write(text: Parameter[str], written: OutputArtifact[String]) -> None:  # noqa: N802
    """Writes a text, or ends in the way that the text names."""
    if text == "fail":
        raise ValueError("it was told to fail")
    if text == "killed":
        Path(written.uri).write_text("half written")
        os.kill(os.getpid(), signal.SIGKILL)
    if text == "hang":
        time.sleep(600)
    Path(written.uri).write_text(text)


@component
def Copy(original: InputArtifact[String], copied: OutputArtifact[String]) -> None:  # noqa: N802
    Path(copied.uri).write_text(Path(original.uri).read_text())
