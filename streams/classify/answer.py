"""Reading Claude's answer: a category of the closed set with its confidence, or nothing.

Structured output makes a good answer likely, not certain: letter case and number ranges are not
guaranteed, and nothing is on a cut answer. So reading is tolerant of form and strict about
meaning: an answer that could be taken in two ways is no answer.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

Reason = Literal[
    "refusal",
    "max_tokens",
    "empty",
    "not_json",
    "not_in_categories",
    "bad_confidence",
    "contradicting",
]

# An answer takes 40 characters. The limits keep a hostile one from taking our time: looking for
# JSON at every brace is quadratic in the worst case.
LONGEST = 50_000
MOST_TRIES = 100

_CATEGORY_KEY = re.compile(r'"\s*category\s*"\s*:', re.IGNORECASE)
_NUMBER = re.compile(r"\s*(\d{1,3}(?:\.\d+)?|\.\d+)\s*(%?)\s*", re.ASCII)
_JOINTS = re.compile(r"[\s_-]+")

_Pairs = list[tuple[str, Any]]
_decoder = json.JSONDecoder(object_pairs_hook=lambda pairs: pairs)
"""Objects as lists of pairs, so that a key given twice is seen twice."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model says: a name of the closed set, and its confidence from 0 to 1."""

    category: str
    confidence: float


class BadAnswer(Exception):  # noqa: N818  the model's fault, not ours
    """There is no answer that can be trusted."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


def read_message(
    content: Sequence[Mapping[str, Any]], stop_reason: str | None, allowed: Collection[str]
) -> Verdict:
    """The verdict in a message of the API: its content blocks and its stop reason.

    Raises BadAnswer.
    """
    if stop_reason == "refusal":
        raise BadAnswer("refusal")
    # The first block need not be text.
    texts = [block.get("text") for block in content if block.get("type") == "text"]
    try:
        return read_answer("".join(text for text in texts if isinstance(text, str)), allowed)
    except BadAnswer:
        if stop_reason == "max_tokens":
            raise BadAnswer("max_tokens") from None
        raise


def read_answer(text: str, allowed: Collection[str]) -> Verdict:
    """The verdict in an answer's text, whatever stands around it; ``allowed`` is the closed set.

    Several answers must name the same category; the least confidence counts. Raises BadAnswer.
    """
    if not text.strip():
        raise BadAnswer("empty")
    if len(text) > LONGEST:
        raise BadAnswer("not_json")
    answers = list(_answers(text))
    given = [value for answer in answers for value in _values(answer, "category")]
    if not given:
        raise BadAnswer("not_in_categories" if answers else "not_json")
    # A category that stands outside of what was read: in a broken object, or in an inner one.
    if len(_CATEGORY_KEY.findall(text)) > len(given):
        raise BadAnswer("contradicting")
    categories = {_category(value, allowed) for value in given}
    if len(categories) > 1:
        raise BadAnswer("contradicting")
    confidences = [
        _confidence(value)
        for answer in answers
        if _values(answer, "category")
        for value in _values(answer, "confidence") or [None]
    ]
    return Verdict(categories.pop(), min(confidences))


def _answers(text: str) -> Iterator[_Pairs]:
    """The JSON objects in ``text``; of one without a category also the objects inside it."""
    start = text.find("{")
    for _ in range(MOST_TRIES):
        if start < 0:
            return
        after = start + 1
        try:
            found, end = _decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            pass
        else:
            yield found
            if _values(found, "category"):
                after = end
        start = text.find("{", after)
    if start >= 0:  # the rest was not looked at, and may say something else
        raise BadAnswer("not_json")


def _values(answer: _Pairs, key: str) -> list[Any]:
    return [value for name, value in answer if name.strip().casefold() == key]


def _category(value: object, allowed: Collection[str]) -> str:
    if isinstance(value, str):
        if value in allowed:
            return value
        name = _spellings(frozenset(allowed)).get(_spelling(value))
        if name is not None:
            return name
    raise BadAnswer("not_in_categories")


@lru_cache(maxsize=16)
def _spellings(allowed: frozenset[str]) -> Mapping[str, str]:
    """Name by spelling, without names that only their spelling tells apart."""
    keys = [_spelling(name) for name in allowed]
    return {_spelling(name): name for name in allowed if keys.count(_spelling(name)) == 1}


def _spelling(name: str) -> str:
    """What two spellings of a name have in common: case, spaces and hyphens do not count."""
    return _JOINTS.sub("_", name.strip()).casefold()


def _confidence(value: object) -> float:
    """0 to 1, from a number or a string, as a fraction or in percent."""
    percent = False
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value)
        if match is None:
            raise BadAnswer("bad_confidence")
        value, percent = float(match[1]), match[2] == "%"
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise BadAnswer("bad_confidence")
    return value / 100 if percent or value > 1 else abs(float(value))
