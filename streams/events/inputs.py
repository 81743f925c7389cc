"""The input topics besides the first, as people name them: names, and patterns. Pure.

A pattern begins with ``^``, as librdkafka has it: a regular expression that need not match to the
end of a name. Topics of Kafka's own, whose names begin with ``__``, are never found.
"""

import json
import re
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

NAME = re.compile(r"[a-zA-Z0-9._-]{1,200}")
LITERAL = re.compile(r"\^((?:[a-zA-Z0-9_-]|\\[.\-_])*)")
"""What a pattern begins with, up to its first character that means something else."""
REPEATS = "?*{"


def is_pattern(entry: str) -> bool:
    """Whether it stands for any number of topics."""
    return entry.startswith("^")


def entries(given: object) -> tuple[str, ...]:
    """A setting as people write it: JSON, or names separated by commas. Raises ValueError."""
    if isinstance(given, str):
        text = given.strip()
        if text.startswith("["):
            try:
                given = json.loads(text)
            except ValueError as error:
                raise ValueError(f"is no JSON: {error}") from None
        else:
            given = [part.strip() for part in text.split(",") if part.strip()]
    if not isinstance(given, list | tuple):
        raise ValueError("must be a list")  # noqa: TRY004 - what pydantic takes as a wrong value
    for entry in given:
        _check(entry)
    return tuple(dict.fromkeys(given))


def with_names(given: dict[str, T]) -> dict[str, T]:
    """The same, if its keys are names and patterns. Raises ValueError."""
    entries(list(given))
    return given


def _check(entry: object) -> None:
    if not isinstance(entry, str):
        raise ValueError(f"{entry!r} is no topic")  # noqa: TRY004 - as above
    if not is_pattern(entry):
        if NAME.fullmatch(entry) is None:
            raise ValueError(f"{entry!r} is no name of a topic; a pattern begins with ^")
        return
    try:
        re.compile(entry)
    except re.error as error:
        raise ValueError(f"{entry!r} is no regular expression: {error}") from None


def matches(entry: str, topic: str) -> bool:
    """Whether ``entry`` names ``topic``."""
    if is_pattern(entry):
        return not topic.startswith("__") and re.search(entry, topic) is not None
    return entry == topic


def found(more: Iterable[str], topics: Iterable[str]) -> list[str]:
    """What is named, there or not, and which of ``topics`` a pattern matches; sorted."""
    entries = list(more)
    patterns = [entry for entry in entries if is_pattern(entry)]
    named = {entry for entry in entries if not is_pattern(entry)}
    return sorted(named | {t for t in topics if any(matches(p, t) for p in patterns)})


def prefix(pattern: str) -> str:
    """What every name that it matches begins with, as far as that is plain to see."""
    if "|" in pattern:
        return ""
    begun = LITERAL.match(pattern)
    text = begun[1] if begun else ""
    if begun and pattern[begun.end() : begun.end() + 1] in tuple(REPEATS) and text:
        text = text[:-2] if text[-2:-1] == "\\" else text[:-1]
    return text.replace("\\", "")
