"""The tiny modules, saved once."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.components.trainer.hub import modules

    return modules.save_tiny(tmp_path_factory.mktemp("hub") / "tiny")


@pytest.fixture(scope="session")
def words_module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.components.trainer.hub import modules

    return modules.save_words(tmp_path_factory.mktemp("hub") / "words")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own for each test."""
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"
