"""What ML Metadata makes of an artifact on its way from one step to the next."""

from typing import Any

from components.errors import ComponentFailed


def recorded(metadata: dict[str, Any]) -> dict[str, Any]:
    """Returns an artifact's metadata as the launcher records them: wrapped (KFP/v2/metadata/converter.go:138).

    Raises:
        ComponentFailed: They hold a null, which cannot be recorded.
    """
    return {key: _recorded(key, value) for key, value in metadata.items()}


def handed_on(artifact: dict[str, Any]) -> dict[str, Any]:
    """Returns an output artifact as the next step's driver reads it: without its type (KFP/v2/metadata/client.go:1144).

    Raises:
        ComponentFailed: As `recorded`.
    """
    more = {"display_name": artifact["name"], "store_session_info": "{}"}
    metadata = {**recorded(artifact.get("metadata", {})), **more}
    return {**artifact, "type": {"instanceSchema": ""}, "metadata": metadata}


def _recorded(key: str, value: Any) -> Any:
    if value is None:
        raise ComponentFailed("Metadata of an artifact must not be null.", received=f"{key}=null")
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, list):
        return {"list": value}
    return {"struct": value} if isinstance(value, dict) else value
