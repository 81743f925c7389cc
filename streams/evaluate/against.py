"""What ``--against`` changes in the settings."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LONGEST_NAME = 48


class AgainstError(ValueError):
    """It names no settings. The message is one line."""


def changes(given: Sequence[str]) -> dict[str, Any]:
    """Settings by name, from ``KEY=VALUE`` (a value of TOML, or text) and files of TOML; later ones
    count. Raises AgainstError."""
    found: dict[str, Any] = {}
    for one in given:
        key, equals, value = one.partition("=")
        if equals and not one.endswith(".toml"):
            found[key.strip().lower()] = _value(value.strip())
        else:
            found.update(_file(one))
    return found


def name(given: Sequence[str]) -> str:
    """What the second run is called in the report."""
    found = ", ".join(Path(one).name if one.endswith(".toml") else one for one in given)
    return found if len(found) <= LONGEST_NAME else found[: LONGEST_NAME - 1] + "…"


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _file(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise AgainstError(f"--against {path}: {reason}; say FILE.toml or KEY=VALUE") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AgainstError(f"--against {path}: no TOML: {error}") from None
