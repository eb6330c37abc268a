"""What ML Metadata makes of an artifact on its way from one step to the next (KFP/v2/metadata/converter.go:138)."""

from typing import Any

from components.errors import ComponentFailed


def handed_on(artifact: dict[str, Any]) -> dict[str, Any]:
    """Returns an output artifact as the next step gets it: without its type, its metadata wrapped.

    Raises:
        ComponentFailed: The metadata hold a null, which KFP cannot store.
    """
    metadata = {key: _stored(key, value) for key, value in artifact.get("metadata", {}).items()}
    more = {"display_name": artifact["name"], "store_session_info": "{}"}
    return {**artifact, "type": {"instanceSchema": ""}, "metadata": {**metadata, **more}}


def _stored(key: str, value: Any) -> Any:
    if value is None:
        raise ComponentFailed("Metadata of an artifact must not be null.", received=f"{key}=null")
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, list):
        return {"list": value}
    return {"struct": value} if isinstance(value, dict) else value
