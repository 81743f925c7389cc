"""Reading Claude's answer: for each ticket a category of the closed set with its confidence, or why
there is none.

Structured output makes a good answer likely, not certain: letter case, number ranges and the length
of a list are not guaranteed, and nothing is on a cut answer. So reading is tolerant of form and
strict about meaning: tickets and answers are matched by id, never by position, and an answer that
could be taken in two ways is no answer.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from streams.classify import answer_values

Reason = Literal[
    "refusal",
    "max_tokens",
    "empty",
    "not_json",
    "missing",
    "not_in_categories",
    "bad_confidence",
    "contradicting",
]

# An answer takes 40 characters for each of at most 100 tickets. The limits keep a hostile one from
# taking our time: looking for JSON at every brace is quadratic in the worst case.
LONGEST = 50_000
MOST_TRIES = 100
"""Braces that may turn out to begin no JSON."""

_CATEGORY_KEY = re.compile(r'"\s*(?:c|category)\s*"\s*:', re.IGNORECASE)
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)*")
"""An id that stands by itself; not the digits of a fraction."""

_Pairs = tuple[tuple[str, Any], ...]
_decoder = json.JSONDecoder(object_pairs_hook=tuple)
"""Objects as tuples of pairs, so that a key given twice is seen twice; arrays stay lists."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model says: a name of the closed set, and its confidence from 0 to 1."""

    category: str
    confidence: float


Reading = Verdict | Reason
"""What an answer says about one ticket, or why it says nothing that can be trusted."""


def read_message(
    content: Sequence[Mapping[str, Any]],
    stop_reason: str | None,
    allowed: Collection[str],
    ids: Sequence[str],
) -> list[Reading]:
    """What a message of the API says about each of ``ids``, in that order.

    ``content`` are its blocks, ``allowed`` is the closed set. Nothing is raised.
    """
    if stop_reason == "refusal":
        return _all("refusal", ids)
    # The first block need not be text.
    texts = [block.get("text") for block in content if block.get("type") == "text"]
    readings = read_answers("".join(t for t in texts if isinstance(t, str)), allowed, ids)
    if stop_reason == "max_tokens":
        return ["max_tokens" if r in ("empty", "not_json", "missing") else r for r in readings]
    return readings


def read_answers(text: str, allowed: Collection[str], ids: Sequence[str]) -> list[Reading]:
    """The same for an answer's text, whatever stands around the answers themselves.

    Several answers for a ticket must name the same category; the least confidence counts. An answer
    without an id counts only where one ticket was asked about; invented ids count for nobody.
    """
    if not text.strip():
        return _all("empty", ids)
    if len(text) > LONGEST:
        return _all("not_json", ids)
    return _as_asked(text, allowed, ids) or _as_found(text, allowed, ids)


def _all(reason: Reason, ids: Sequence[str]) -> list[Reading]:
    return [reason for _ in ids]


def _as_asked(text: str, allowed: Collection[str], ids: Sequence[str]) -> list[Reading] | None:
    """The quick way: an answer in exactly the form that was asked for; None for any other."""
    found: dict[str, Reading] = {}
    left = set(ids)
    try:
        ((root, rows),) = _decoder.decode(text)
        if root != "r" or type(rows) is not list:
            return None
        for row in rows:
            (i, given), (c, category), (p, confidence) = row
            if (
                type(row) is not tuple
                or (i, c, p) != ("i", "c", "p")
                or type(category) is not str
                or category not in allowed
                or type(confidence) not in (float, int)
                or not 0 <= confidence <= 1
            ):
                return None
            name = str(given)
            left.remove(name)  # KeyError for an id that is invented or doubled
            found[name] = Verdict(category, abs(float(confidence)))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return [found.get(name, "missing") for name in ids]


class _Object:
    """A JSON object: what it says under the keys that mean something, and what is inside of it."""

    def __init__(self, pairs: _Pairs) -> None:
        self.ids: list[Any] = []
        self.categories: list[Any] = []
        self.confidences: list[Any] = []
        self.inner = [value for _, value in pairs if isinstance(value, list | tuple)]
        for key, value in pairs:
            match key.strip().casefold():
                case "i" | "id" | "ticket_id":
                    self.ids.append(value)
                case "c" | "category":
                    self.categories.append(value)
                case "p" | "confidence":
                    self.confidences.append(value)

    def inner_category(self) -> bool:
        """Whether an object inside says something else, perhaps."""
        return any(found.categories for found in _walk(self.inner))


def _as_found(text: str, allowed: Collection[str], ids: Sequence[str]) -> list[Reading]:
    """The careful way: whatever JSON objects there are."""
    objects = _objects(text)
    if not objects:
        return _all("not_json", ids)
    answers = [found for found in objects if found.categories]
    alone = len(ids) == 1
    if alone and not answers:
        asked_for = any(isinstance(value, list) for found in objects for value in found.inner)
        return ["missing" if asked_for else "not_in_categories"]
    own: dict[str, list[_Object]] = {name: [] for name in ids}
    for answer in answers:
        named = {answer_values.ticket_id(value) for value in answer.ids}
        if alone and not named:
            own[ids[0]].append(answer)
        elif len(named) == 1 and (name := named.pop()) in own:
            own[name].append(answer)
    # An id stands outside of its own answers, or with one ticket alone, where any mention of it is
    # harmless, a category: perhaps in a broken object that says something else.
    plain = _ESCAPE.sub(lambda code: chr(int(code[1], 16)), text)
    words = Counter(_WORD.findall(plain))
    given = sum(len(answer.categories) for answer in answers)
    if alone:
        return [_reading(own[ids[0]], allowed, len(_CATEGORY_KEY.findall(plain)) > given)]
    return [
        _reading(own[name], allowed, words[name] > sum(len(a.ids) for a in own[name]))
        for name in ids
    ]


def _reading(answers: Sequence[_Object], allowed: Collection[str], doubtful: bool) -> Reading:
    """What one ticket's answers say."""
    if not answers:
        return "missing"
    if doubtful or any(answer.inner_category() for answer in answers):
        return "contradicting"
    meant = {answer_values.category(value, allowed) for a in answers for value in a.categories}
    if None in meant:
        return "not_in_categories"
    if len(meant) > 1:
        return "contradicting"
    given = [answer_values.confidence(v) for a in answers for v in a.confidences or [None]]
    least = min((value for value in given if value is not None), default=0.0)
    return "bad_confidence" if None in given else Verdict(str(meant.pop()), least)


def _objects(text: str) -> list[_Object]:
    """The JSON objects in ``text``, outer and inner, but those inside of an answer.

    None at all where the rest was not looked at, and may say something else.
    """
    found: list[_Object] = []
    tries = 0
    start = text.find("{")
    while start >= 0:
        if tries >= MOST_TRIES:
            return []
        try:
            pairs, after = _decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            tries, after = tries + 1, start + 1
        else:
            found += _walk([pairs])
        start = text.find("{", after)
    return found


def _walk(values: Sequence[Any]) -> Iterator[_Object]:
    """The objects in JSON values, but those inside of an answer. They may be nested too deeply for
    recursion."""
    left = list(values)
    while left:
        value = left.pop()
        if isinstance(value, tuple):
            found = _Object(value)
            yield found
            if not found.categories:
                left += found.inner
        elif isinstance(value, list):
            left += value
