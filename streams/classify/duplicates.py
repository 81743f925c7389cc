"""The answers that a partition finished lately, for tickets that are identical."""

import unicodedata
from collections import OrderedDict
from dataclasses import replace
from hashlib import blake2b
from typing import NamedTuple

from streams.events.model import UNKNOWN, Classification, Ticket

FINGERPRINT_BYTES = 16
"""Among 50,000 tickets that differ, the chance that any two of them agree is below 1e-29."""

MOST = 50_000
"""Tickets remembered in one partition: about 30 MB."""

MOST_TOGETHER = 100_000
"""The same in all partitions of a worker, however many they are: about 65 MB."""


def most_of_each(partitions: int) -> int:
    """Tickets that each of so many partitions of a worker may remember."""
    return min(MOST, MOST_TOGETHER // max(1, partitions))


def fingerprint(ticket: Ticket) -> bytes:
    """What identical tickets have in common, and no others: ``FINGERPRINT_BYTES`` bytes.

    It is about subject and text, whatever their case, white space and forms of the same letters.
    Words that are moved from one to the other make another ticket. Nothing else counts.
    """
    subject = _normal(ticket.subject or "")
    said = f"{len(subject)} {subject}{_normal(ticket.text)}"
    # half of an emoji may stand in a text
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=FINGERPRINT_BYTES).digest()


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def reused(result: Classification, now_ms: int) -> Classification:
    """``result`` as that of an identical ticket, for which no call is made and nothing is paid."""
    return replace(
        result,
        tier="cache",
        reason=None,
        input_tokens=0,
        output_tokens=0,
        cost_picodollars=0,
        classified_at=now_ms,
    )


class _Entry(NamedTuple):
    ends: float
    result: Classification


class Duplicates:
    """Gives a result again for ``seconds`` after it was first remembered; 0 switches it off.

    Of more than ``most`` those that were remembered first are forgotten. Times are epoch seconds;
    after a restart results may be remembered with the time that they are from, in any order.
    """

    def __init__(self, seconds: int, most: int = MOST) -> None:
        self._seconds = seconds
        self._most = most
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, fingerprint: bytes, now_s: float) -> Classification | None:
        """The result of an identical ticket, as it was remembered."""
        self._forget_old(now_s)
        entry = self._entries.get(fingerprint)
        return entry.result if entry is not None and now_s < entry.ends else None

    def remember(self, fingerprint: bytes, result: Classification, now_s: float) -> None:
        """``result`` is finished.

        Not kept are ``unknown``, for the next one may be understood; what came from here, which
        would prolong a wrong answer for ever; and a second answer while the first is there.
        """
        if not self._seconds or result.category == UNKNOWN or result.tier == "cache":
            return
        if self.find(fingerprint, now_s) is not None:
            return
        self._entries.pop(fingerprint, None)
        self._entries[fingerprint] = _Entry(now_s + self._seconds, result)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def _forget_old(self, now_s: float) -> None:
        while self._entries and next(iter(self._entries.values())).ends <= now_s:
            self._entries.popitem(last=False)
