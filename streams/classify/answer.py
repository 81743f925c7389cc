"""Reading Claude's answer: for each ticket a category of the closed set with its confidence, or why
there is none.

Structured output makes a good answer likely, not certain: letter case, number ranges and the length
of a list are not guaranteed, and nothing is on a cut answer. So reading is tolerant of form and
strict about meaning: tickets and answers are matched by id, never by position, and an answer that
could be taken in two ways is no answer.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from streams.classify import answer_values
from streams.classify.answer_parts import Part, decoder, parts

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

LONGEST = 50_000
"""Characters. A hundred tickets take 2,000, or 8,000 with the longest names; a hostile answer shall
not take our time."""

_CATEGORY_KEY = re.compile(r'"\s*(?:c|category)\s*"\s*:', re.IGNORECASE)
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)*")
"""An id that stands by itself; not the digits of a fraction."""

_PERCENT = re.compile(r"100|[0-9]{1,2}")


class Verdict(NamedTuple):
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
        ((root, rows),) = decoder.decode(text)
        if root != "r" or type(rows) is not list:
            return None
        for row in rows:
            name, category, percent = row.split(" ")
            if category not in allowed or not _PERCENT.fullmatch(percent):
                return None
            left.remove(name)  # KeyError for an id that is invented or doubled
            found[name] = Verdict(category, int(percent) / 100)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return [found.get(name, "missing") for name in ids]


def _as_found(text: str, allowed: Collection[str], ids: Sequence[str]) -> list[Reading]:
    """The careful way: whatever answers there are."""
    found = parts(text)
    if not found.found:
        return _all("not_json", ids)
    answers = [part for part in found.found if part.categories]
    alone = len(ids) == 1
    if alone and not answers:
        asked_for = any(isinstance(value, list) for part in found.found for value in part.inner)
        return ["missing" if asked_for else "not_in_categories"]
    own: dict[str, list[Part]] = {name: [] for name in ids}
    for answer in answers:
        named = {answer_values.ticket_id(value) for value in answer.ids}
        if alone and not named:
            own[ids[0]].append(answer)
        elif len(named) == 1 and (name := named.pop()) in own:
            own[name].append(answer)
    # An id stands outside of its own answers, or with one ticket alone, where any mention of it is
    # harmless, a category or a string: perhaps in a broken answer that says something else.
    plain = _ESCAPE.sub(lambda code: chr(int(code[1], 16)), text)
    words = Counter(_WORD.findall(plain))
    if alone:
        given = sum(len(answer.categories) for answer in answers)
        doubtful = found.stray or len(_CATEGORY_KEY.findall(plain)) > given
        return [_reading(own[ids[0]], allowed, doubtful)]
    return [
        _reading(own[name], allowed, words[name] > sum(len(a.ids) for a in own[name]))
        for name in ids
    ]


def _reading(answers: Sequence[Part], allowed: Collection[str], doubtful: bool) -> Reading:
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
