"""A compiled pipeline as bytes: YAML, keys sorted, the same for the same input."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Writes everything out: KFP's own reader knows anchors, a person would rather not."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def dump(documents: Sequence[Mapping[str, Any]]) -> str:
    """Returns documents as YAML."""
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=True, width=120, allow_unicode=True)


def load(text: str) -> list[Any]:
    """Returns the documents of a text."""
    return list(yaml.safe_load_all(text))
