"""What comes next for a ticket when a call that held it is over.

Two tiers, and in each a ladder of groups: a ticket without a usable answer is asked again among
fewer others, so that what spoils a call is soon alone with itself.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

from streams.classify.answer import Reading, Verdict
from streams.classify.share_cap import ShareCap
from streams.events.model import UNKNOWN, Classification

CallTier = Literal["first", "escalation"]

SHRINK = 5
"""A ticket in trouble goes to a group this many times smaller: 25, 5, 1. Halving would ask the same
tickets five times over before the bad one is found; this asks them twice."""

LOW_CONFIDENCE = "low_confidence"


class Lane(NamedTuple):
    """Tickets that may share a call: of one tier, at most ``group`` in each call."""

    tier: CallTier
    group: int


class Final(NamedTuple):
    """The end of it: a verdict, or the reason why the ticket is ``unknown``."""

    word: Verdict | str


class Case(NamedTuple):
    """A ticket in a call."""

    lane: Lane
    alone: bool
    """Nothing else was in the call."""
    isolated: bool
    """It must not share a call with others."""
    tries: int
    """Calls of this tier that asked for it alone and brought no usable answer, with this one."""
    said_before: str | None
    """The category that the first tier answered, unsure; only of interest in the second."""
    value: str | None = None
    """What the books tell the ticket apart by, if they do."""


def smaller(lane: Lane) -> Lane:
    """The next lane for a ticket in trouble."""
    return lane._replace(group=max(1, lane.group // SHRINK))


Affordable = Callable[[str | None, str | None], bool]


class Triage:
    """The rule. ``escalates`` tells whether there is a second tier, ``affordable`` whether there is
    money for it now, for a ticket of a category, if that is known, and a value of the books' field;
    ``attempts`` is how often a ticket alone is asked where nobody else can be."""

    def __init__(
        self,
        *,
        batch_size: int,
        threshold: float,
        escalates: bool,
        cap: float,
        attempts: int,
        affordable: Affordable = lambda *_: True,
    ) -> None:
        self._batch_size = batch_size
        self._threshold = threshold
        self._escalates = escalates
        self._cap = ShareCap(cap)
        self._attempts = attempts
        self._affordable = affordable

    def begin(self, so_far: Classification | None, *, isolated: bool) -> Lane:
        """Where a ticket begins, or goes on: ``so_far`` is what a worker before found out about it.

        ``isolated``: it must not share a call with others.
        """
        if self._escalates and so_far is not None and _was_escalated(so_far):
            return self._escalation(isolated=isolated)
        return Lane("first", 1 if isolated else self._batch_size)

    def enough(self, so_far: Classification) -> bool:
        """Whether what a worker before found out is the last word: the first tier's, where there is
        no second one any more to say more."""
        if self._escalates:
            return False
        said = so_far.tier == "escalation" and so_far.category != UNKNOWN
        return said or so_far.reason == LOW_CONFIDENCE

    def _escalation(self, *, isolated: bool) -> Lane:
        return Lane("escalation", 1 if isolated else self._batch_size)

    def sure(self, verdict: Verdict) -> bool:
        """Whether the first tier's word is enough."""
        return verdict.confidence >= self._threshold

    def after(self, reading: Reading, case: Case) -> Lane | Final:
        """What comes after a call that gave ``reading`` for a ticket."""
        if case.lane.tier == "first" and (case.alone or isinstance(reading, Verdict)):
            # Not when it begins: of a backlog thousands begin at once, and what they save up would
            # be forgotten before it is needed.
            self._cap.count()
        if isinstance(reading, Verdict):
            return self._heard(reading, case)
        if not case.alone:
            return smaller(case.lane)
        if case.lane.tier == "first" and self._may_escalate(None, case):
            return self._escalation(isolated=case.isolated)
        return Final(reading) if case.tries >= self._attempts else case.lane._replace(group=1)

    def _heard(self, verdict: Verdict, case: Case) -> Lane | Final:
        if self.sure(verdict):
            return Final(verdict)
        if case.lane.tier == "first":
            if self._may_escalate(verdict.category, case):
                return self._escalation(isolated=case.isolated)
            return Final(verdict)
        # Both are unsure: two that agree are believed, two that differ are not.
        return Final(verdict if verdict.category == case.said_before else LOW_CONFIDENCE)

    def _may_escalate(self, category: str | None, case: Case) -> bool:
        return self._escalates and self._affordable(category, case.value) and self._cap.admit()


def _was_escalated(so_far: Classification) -> bool:
    return so_far.tier == "escalation" or so_far.reason == LOW_CONFIDENCE
