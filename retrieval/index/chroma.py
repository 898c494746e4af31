"""Chroma, whose settings are those that it is told: none of the environment, none of a `.env`.

The only module that imports it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pydantic_settings
from pydantic_settings import PydanticBaseSettingsSource


class _Told(pydantic_settings.BaseSettings):
    def __init__(self, **told: Any) -> None:
        super().__init__(_env_file=None, **told)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[pydantic_settings.BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


@contextmanager
def _telling() -> Iterator[None]:
    """What is imported here has settings that are told."""
    names = vars(pydantic_settings)
    ordinary = names["BaseSettings"]
    names["BaseSettings"] = _Told
    try:
        yield
    finally:
        names["BaseSettings"] = ordinary


with _telling():  # Chroma makes settings while it is imported already
    from chromadb import PersistentClient as PersistentClient
    from chromadb.api.client import Client as Client
    from chromadb.api.collection_configuration import (
        CreateCollectionConfiguration as CreateCollectionConfiguration,
    )
    from chromadb.config import Settings as Settings
    from chromadb.errors import ChromaError as ChromaError
