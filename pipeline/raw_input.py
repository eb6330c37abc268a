"""What a person gives a command in the place of a raw feature: a text, or a file recognised by its content."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.errors import UsageError, did_you_mean
from components.model_description import InputDescription, Kind, ModelDescription

_NOUNS = {"image": "an image file", "audio": "a sound file", "text": "a text"}
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_SOUNDS = (b"fLaC", b"OggS", b"ID3", b".snd")
_SECONDS = 600.0


def noun(kind: Kind) -> str:
    """Returns what a person has to give, such as `an image file`."""
    return _NOUNS[kind]


def main_of(description: ModelDescription) -> str:
    """Returns the input that a person has as a file or a text.

    Raises:
        UsageError: There is none.
    """
    main = description.main_input
    if main is None:
        raise UsageError(
            "The model must take an image, a sound or a text.",
            received=f"the inputs {', '.join(description.inputs) or 'none'}",
            fix="Send its features to a server of models as JSON.",
        )
    return main


def check_others(inputs: Mapping[str, InputDescription], main: str, others: Mapping[str, str]) -> None:
    """Raises a UsageError unless the other inputs exist, and all that may not be missing are given.

    Args:
        inputs: What a model takes.
        main: The input that is given anyway.
        others: Values by name.
    """
    free = [name for name in inputs if name != main]
    for name in others:
        if name not in free:
            raise UsageError("`--with` must name another input of the model.", received=name, fix=_known(name, free))
    for name in free:
        if not inputs[name].optional and name not in others:
            raise UsageError(
                "Every input of the model that may not be missing must be given.",
                received=f"no {name}",
                fix=f"Add --with {name}=VALUE.",
            )


def _known(name: str, free: Sequence[str]) -> str:
    return did_you_mean(name, free) if free else "The model has no other."


def row(inputs: Mapping[str, InputDescription], given: Mapping[str, str]) -> dict[str, Any]:
    """Returns a value for each input as JSON, bytes in base64 as TF Serving takes them; None stands for NaN.

    Args:
        inputs: What a model takes.
        given: A text, the path of a file or a number by name; what is not given is missing.

    Raises:
        UsageError: A file is missing, or of another kind than the input.
        DataRefused: A sound cannot be read.
    """
    return {name: _value(described, given.get(name)) for name, described in inputs.items()}


def _value(described: InputDescription, given: str | None) -> Any:
    value: Any = described.missing
    if given is not None:
        value = {"b64": base64.b64encode(read(given, described.kind)).decode()} if described.kind else given
    return [value] if described.several else value


def read(given: str, kind: Kind) -> bytes:
    """Returns the value of a raw feature.

    Args:
        given: The text itself, or the path of a file.
        kind: What the feature is.

    Returns:
        The text in UTF-8, the bytes of the image file, or the sound as a 16-bit WAV file.

    Raises:
        UsageError: There is no such file, or it is of another kind.
        DataRefused: The sound cannot be read.
    """
    if kind == "text":
        return given.encode()
    path = Path(given).expanduser()
    if not path.is_file():
        received = f"{given}, a folder" if path.is_dir() else given
        raise UsageError("The file must exist.", received=received, fix=f"Give the path of {noun(kind)}.")
    content = path.read_bytes()
    found = kind_of(content)
    if found != kind:
        what = noun(found) if found else "something else" if content else "an empty file"
        raise UsageError(f"The model takes {noun(kind)}.", received=f"{given}, which is {what}")
    return _wav(path, content) if kind == "audio" else content


def kind_of(content: bytes) -> Kind | None:
    """Returns what the content of a file is, by how it begins; None where it is none of them."""
    is_bitmap = content[:2] == b"BM" and int.from_bytes(content[2:6], "little") == len(content)
    riff = content[8:12] if content[:4] in (b"RIFF", b"FORM") else b""
    if content.startswith(_IMAGES) or riff == b"WEBP" or is_bitmap:
        return "image"
    if content.startswith(_SOUNDS) or riff in (b"WAVE", b"AIFF", b"AIFC"):
        return "audio"
    try:
        return "text" if content.decode().strip() else None
    except UnicodeDecodeError:
        return None


def _wav(path: Path, content: bytes) -> bytes:
    # What TensorFlow decodes: PCM, 16 bit. It needs no package then.
    if content[8:12] == b"WAVE" and content[20:22] == b"\x01\0" and content[34:36] == b"\x10\0":
        return content
    from pipeline import wav

    wav.require_soundfile("Sounds other than 16-bit WAV files are")
    return wav.as_wav(path, _SECONDS)
