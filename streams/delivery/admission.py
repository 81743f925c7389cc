"""Whether there is money for a ticket, asked right before its call; and what becomes of one for
which there is none."""

from collections.abc import Iterable
from dataclasses import replace

from streams.books.limits import Scope
from streams.books.purse import let_go
from streams.classify.prompt import Prompt
from streams.claude.budget_guard import Guard, Word
from streams.delivery.desk import Desk
from streams.delivery.work import Work
from streams.events.model import UNKNOWN, Classification
from streams.events.times import now_ms

BUDGET = "budget"
"""Reason of a ticket that is unknown because there was no money to ask about it."""


class Admission:
    """Asks the budgets, ticket by ticket."""

    def __init__(self, guard: Guard, prompt: Prompt) -> None:
        self._guard = guard
        self._prompt = prompt

    def admit(self, desk: Desk, work: Work) -> Word:
        """Whether ``work`` may be in the next call of its lane. One that is turned away has its
        result: what the first tier said, unsure as it is; else it is unknown."""
        if self._guard.indifferent:
            return "go"
        tier, scope = work.lane.tier, scope_of(work)
        word = self._guard.word(tier, work.bound, scope)
        if word == "go":
            work.held = self._guard.hold(tier, work.bound, scope)
        elif word == "away":
            desk.finish(work, without_money(work, self._prompt))
        return word

    def named(self, value: str) -> bool:
        """Whether a budget is for tickets of this value."""
        return self._guard.named(value)

    @staticmethod
    def dismiss(works: Iterable[Work]) -> None:
        """A call about them has ended."""
        for work in works:
            let_go(work.held)
            work.held = ()


def scope_of(work: Work) -> Scope:
    """Of what spending its next call is: its category is known once the first tier has answered."""
    category = work.so_far.category if work.so_far is not None else UNKNOWN
    return Scope(None if category == UNKNOWN else category, value_of(work))


def value_of(work: Work) -> str | None:
    """What the books tell its ticket apart by, if they do."""
    return work.books_value or None


def without_money(work: Work, prompt: Prompt) -> Classification:
    """The result of a ticket that is not asked about any more, with what its calls have cost."""
    so_far = work.so_far
    if so_far is not None and so_far.category != UNKNOWN and so_far.category in prompt.names:
        return replace(so_far, reason=None)
    if so_far is not None:
        return replace(so_far, category=UNKNOWN, confidence=0.0, reason=BUDGET)
    return Classification(
        category=UNKNOWN,
        confidence=0.0,
        tier="none",
        model=None,
        reason=BUDGET,
        input_tokens=0,
        output_tokens=0,
        cost_picodollars=0,
        call_id=None,
        prompt_version=prompt.version,
        classified_at=now_ms(),
        books_value=work.books_value,
    )
