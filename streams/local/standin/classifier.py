"""Sorts a ticket by keywords. A simulation: no model is asked, so do not judge Claude by it.

The same text and categories always give the same answer.
"""

import re
import zlib
from functools import lru_cache
from typing import NamedTuple

from streams.local.standin.keywords import KEYWORDS, Words

UNKNOWN = "unknown"
STRONG, WEAK = 3, 1
# Enough to tell; longer texts only repeat themselves, and the time goes with the length.
READ_CHARS = 2_000
MOST_REMEMBERED = 50_000

_NOT_WORD = re.compile(r"[^a-z0-9]+")


class Keyword(NamedTuple):
    """A keyword, which category it speaks for (by number), and how loudly. It counts once."""

    text: str
    category: int
    weight: int


class Classifier:
    """Sorts tickets into ``categories``; one among them may be ``unknown``."""

    def __init__(self, categories: tuple[str, ...]) -> None:
        self.unknown = next((c for c in categories if c.lower() == UNKNOWN), None)
        self._known = [c for c in categories if c != self.unknown] or list(categories)
        keywords = [
            Keyword(f" {text}", category, weight)
            for category, words in enumerate(map(_words_of, self._known))
            for texts, weight in ((words.strong, STRONG), (words.weak, WEAK))
            for text in texts
        ]
        self._phrases = [k for k in keywords if " " in k.text.strip()]
        self._single = [k for k in keywords if " " not in k.text.strip()]
        # Texts share their words: what a word matches is looked up far more often than worked out.
        self._matches: dict[str, tuple[Keyword, ...]] = {}

    def classify(self, text: str) -> tuple[str, float]:
        """The category and a confidence of 0 to 1 with two decimals, from the margin."""
        plain = f" {_NOT_WORD.sub(' ', text[:READ_CHARS].lower()).strip()} "
        found = {keyword for keyword in self._phrases if keyword.text in plain}
        for word in set(plain.split()):
            matches = self._matches.get(word)
            found.update(self._match(word) if matches is None else matches)
        scores = [0] * len(self._known)
        for keyword in found:
            scores[keyword.category] += keyword.weight
        jitter = (zlib.crc32(plain.encode()) % 7 - 3) / 100
        best, *others = sorted(scores, reverse=True)
        if best == 0:
            return self._without_a_match(jitter)
        margin = (best - max(others, default=0)) / best
        confidence = 0.52 + margin * (0.26 + 0.18 * min(best, 6) / 6) + jitter
        return self._known[scores.index(best)], round(min(confidence, 0.99), 2)

    def _match(self, word: str) -> tuple[Keyword, ...]:
        matches = tuple(k for k in self._single if f" {word} ".startswith(k.text))
        if len(self._matches) < MOST_REMEMBERED:
            self._matches[word] = matches
        return matches

    def _without_a_match(self, jitter: float) -> tuple[str, float]:
        if self.unknown is not None:
            return self.unknown, round(0.7 + jitter, 2)
        return self._known[0], round(0.3 + jitter, 2)


@lru_cache(maxsize=64)
def classifier_for(categories: tuple[str, ...]) -> Classifier:
    """One classifier for each set of categories."""
    return Classifier(categories)


def _words_of(category: str) -> Words:
    """The table's keywords, or the words of the category's own name."""
    name = _NOT_WORD.sub("_", category.lower())
    own = tuple(word for word in name.split("_") if len(word) > 2)
    return KEYWORDS.get(name) or Words(strong=own or (name,), weak=())
