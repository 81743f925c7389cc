"""Settings handed to another process, as its environment."""

import json
import os
from typing import Any

from pydantic import SecretStr

from streams.settings.model import Settings, variable


def to_environment(settings: Settings) -> dict[str, str]:
    """This process's environment, with ``settings`` for a process of our own to be started with."""
    given = settings.model_dump(exclude_unset=True)
    return {**os.environ, **{variable(name): _as_text(value) for name, value in given.items()}}


def _as_text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, default=str)
    return "" if value is None else str(value)
