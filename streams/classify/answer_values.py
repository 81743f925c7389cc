"""What the values in an answer mean: tolerant of form, strict about meaning."""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

_NUMBER = re.compile(r"\s*(\d{1,3}(?:\.\d+)?|\.\d+)\s*(%?)\s*", re.ASCII)
_JOINTS = re.compile(r"[\s_-]+")


def category(value: object, allowed: Collection[str]) -> str | None:
    """The name of the closed set ``allowed`` that is meant, if it is exactly one."""
    if not isinstance(value, str) or value in allowed:
        return value if isinstance(value, str) else None
    return _spellings(frozenset(allowed)).get(_spelling(value))


@lru_cache(maxsize=16)
def _spellings(allowed: frozenset[str]) -> Mapping[str, str]:
    """Name by spelling, without names that only their spelling tells apart."""
    keys = [_spelling(name) for name in allowed]
    return {_spelling(name): name for name in allowed if keys.count(_spelling(name)) == 1}


def _spelling(name: str) -> str:
    """What two spellings of a name have in common: case, spaces and hyphens do not count."""
    return _JOINTS.sub("_", name.strip()).casefold()


def confidence(value: object) -> float | None:
    """0 to 1, from a number or a string, as a fraction or in percent; None for anything else."""
    percent = False
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value)
        if match is None:
            return None
        value, percent = float(match[1]), match[2] == "%"
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        return None
    return value / 100 if percent or value > 1 else abs(float(value))


def percent(text: str) -> float | None:
    """0 to 1, from the percent of an answer that is one string, with a sign or without.

    With a point and below 1 it is a fraction; 1.0 could be either, and is None as all others are.
    """
    match = _NUMBER.fullmatch(text)
    if match is None or (value := float(match[1])) > 100:
        return None
    if "." in match[1] and not match[2] and value <= 1:
        return value if value < 1 else None
    return value / 100


def ticket_id(value: object) -> str | None:
    """An id as it was given out; None for what is none."""
    return str(value).strip() if isinstance(value, int | str) else None
