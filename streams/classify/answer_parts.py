"""What stands in an answer: JSON objects and short strings that look like answers, whatever is
around them. What they mean for a ticket is decided in :mod:`streams.classify.answer`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from streams.classify import answer_values

MOST_TRIES = 100
"""Braces that may turn out to begin no JSON; to look at all is quadratic in the worst case."""

Pairs = tuple[tuple[str, Any], ...]
decoder = json.JSONDecoder(object_pairs_hook=tuple)
"""Objects as tuples of pairs, so that a key given twice is seen twice; arrays stay lists."""

# "472 technical 94": an id, unless there is but one ticket, a name and a percent.
_SPACE = r"(?:[,:;|]?\s+|[:|])"
_ENTRY = re.compile(
    rf"\s*(?:(?P<id>\d+){_SPACE})?(?P<name>[^\W\d_].*?){_SPACE}(?P<percent>[\d.]+\s?%?)\s*",
    re.ASCII | re.DOTALL,
)
_FIRST_NUMBER = re.compile(r"^\s*(\d+)(?![\w.])", re.ASCII)
_LONGEST_ENTRY = 200

# In text that is no JSON as a whole: a string where a list's may stand, and one that may be broken.
_LISTED = re.compile(r'[\[,]\s*("(?:[^"\\]|\\.){1,400}")(?=\s*(?:[,\]}]|$))')
_STRAY = re.compile(r'[\[,]\s*"(?![^"]{0,100}"\s*:)')


class Part:
    """Something that may be an answer: what it says, and what is inside of it.

    More than one id, category or confidence is possible, as a key may be given twice.
    """

    def __init__(self) -> None:
        self.ids: list[Any] = []
        self.categories: list[Any] = []
        self.confidences: list[Any] = []
        self.inner: list[Any] = []

    def inner_category(self) -> bool:
        """Whether something inside says something else, perhaps."""
        return any(found.categories for found in _walk(self.inner))


@dataclass(frozen=True, slots=True)
class Parts:
    """All of an answer's text."""

    found: list[Part]
    stray: bool = False
    """Whether a list may have had another string, which is broken."""


def parts(text: str) -> Parts:
    """What is in ``text``, outer and inner, but for what is inside of an answer.

    Nothing at all where the rest was not looked at, and may say something else.
    """
    found: list[Part] = []
    rest: list[str] = []
    tries = seen = 0
    start = text.find("{")
    while start >= 0:
        if tries >= MOST_TRIES:
            return Parts([])
        try:
            pairs, after = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            tries, after = tries + 1, start + 1
        else:
            found += _walk([pairs])
            rest.append(text[seen:start])
            seen = after
        start = text.find("{", after)
    rest.append(text[seen:])
    listed, stray = _listed(" ".join(rest))
    return Parts(found + listed, stray)


def _object(pairs: Pairs) -> Part:
    part = Part()
    part.inner = [value for _, value in pairs if isinstance(value, list | tuple)]
    for key, value in pairs:
        match key.strip().casefold():
            case "i" | "id" | "ticket_id":
                part.ids.append(value)
            case "c" | "category":
                part.categories.append(value)
            case "p" | "confidence":
                part.confidences.append(value)
    return part


def _entry(text: str) -> Part | None:
    """A string of a list, if it has the form of an answer."""
    match = _ENTRY.fullmatch(text) if len(text) <= _LONGEST_ENTRY else None
    if match is None:
        return None
    part = Part()
    part.ids = [match["id"]] if match["id"] else []
    part.categories = [match["name"]]
    part.confidences = [answer_values.percent(match["percent"])]
    return part


def _listed(text: str) -> tuple[list[Part], bool]:
    """The answers among the strings of lists that are broken, or in no object; is there more?"""
    found = []

    def take(match: re.Match[str]) -> str:
        try:
            part = _entry(json.loads(match[1]))
        except ValueError:
            part = None
        if part is None:
            return match[0]
        found.append(part)
        return ","

    left = _LISTED.sub(take, text)
    return found, _STRAY.search(left) is not None


def _walk(values: Sequence[Any]) -> Iterator[Part]:
    """What is in JSON values, but for what is inside of an answer.

    They may be nested too deeply for recursion.
    """
    left = list(values)
    while left:
        value = left.pop()
        if isinstance(value, tuple):
            part = _object(value)
            yield part
            if not part.categories:
                left += part.inner
        elif isinstance(value, list):
            yield from _entries(value)
            left += [inner for inner in value if isinstance(inner, list | tuple)]


def _entries(values: Iterable[Any]) -> list[Part]:
    """The strings of a list with answers: one that is none says something that is no category."""
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    found = [_entry(text) for text in texts]
    if not any(found):
        return []
    return [part or _unclear(text) for part, text in zip(found, texts, strict=True)]


def _unclear(text: str) -> Part:
    part = Part()
    part.ids = _FIRST_NUMBER.findall(text)
    part.categories = [None]
    return part
