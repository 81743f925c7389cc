"""Calls whose cost was not known when they were booked, and the records that end that.

Each such call stands in the books with the most that it can have cost, as unsettled. One further
record closes it: it takes the bound back, exactly, in the window of the call, and books what the
call did cost. It is no call, and it is no part of what tickets say they cost: they were sent
before.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from streams.books.money import split
from streams.events.model import (
    CLOSING,
    REPRICED,
    SETTLED,
    UNPRICED,
    WRITTEN_OFF,
    CallRecord,
)

SUFFIXES: Mapping[str, str] = {
    WRITTEN_OFF: ".written-off",
    SETTLED: ".settled",
    REPRICED: ".repriced",
}
"""What the id of a closing record has after the id of its call."""


class SettleError(ValueError):
    """The account and the books do not fit each other. The message is one line."""


def closes(record: CallRecord) -> str | None:
    """The id of the call that ``record`` closes; None if it is a call itself."""
    if record.outcome not in CLOSING:
        return None
    return record.call_id.removesuffix(SUFFIXES[record.outcome])


def written_off(call: CallRecord) -> CallRecord:
    """It cost nothing, or nobody will ever know."""
    return _closing(call, WRITTEN_OFF, 0, [])


def settled(call: CallRecord, cost: int) -> CallRecord:
    """It cost so much, as the API's own account says."""
    return _closing(call, SETTLED, cost, [])


def repriced(call: CallRecord, cost: int) -> CallRecord:
    """It cost so much for the tokens that it used, now that there is a price."""
    tokens = [share.input_tokens + share.output_tokens for share in call.shares]
    return _closing(call, REPRICED, cost, tokens)


def _closing(call: CallRecord, outcome: str, cost: int, weights: Sequence[int]) -> CallRecord:
    parts = split(cost, weights or [1] * len(call.shares))
    return replace(
        call,
        call_id=call.call_id + SUFFIXES[outcome],
        outcome=outcome,
        status=None,
        input_tokens=0,
        output_tokens=0,
        cache_write_5m_tokens=0,
        cache_write_1h_tokens=0,
        cache_read_tokens=0,
        cost_picodollars=cost,
        unsettled_picodollars=-call.unsettled_picodollars,
        shares=tuple(
            share._replace(input_tokens=0, output_tokens=0, cost_picodollars=part)
            for share, part in zip(call.shares, parts, strict=True)
        ),
    )


def still_unsettled(calls: Iterable[CallRecord]) -> list[CallRecord]:
    """Those of ``calls`` with a bound that nothing has taken back; the oldest first."""
    unsettled: dict[str, CallRecord] = {}
    ended: set[str] = set()
    for call in calls:
        if (closed := closes(call)) is not None:
            ended.add(closed)
        elif call.unsettled_picodollars:
            unsettled[call.call_id] = call
    left = [call for call_id, call in unsettled.items() if call_id not in ended]
    return sorted(left, key=lambda call: call.started_at)


def unpriced(call: CallRecord) -> bool:
    """Whether only a price is missing to tell what it cost."""
    return call.outcome == UNPRICED and call.usage_seen


def settle(
    calls: Iterable[CallRecord],
    charged: Mapping[str, int],
    same: Callable[[str], str] = lambda model: model,
) -> tuple[list[CallRecord], list[str]]:
    """The records that settle what is unsettled among ``calls``, which are all of the time that
    the account is of, and in words what cannot be settled.

    ``charged`` are the pico-dollars that the API charged, by model; ``same`` gives models that go
    by several names one name. What it charged for a model beyond the settled calls is what the
    unsettled ones cost, together: that sum is exact, and never more than their bounds. Which of
    them cost how much nobody knows; each gets its part by its bound. While calls lack nothing but a
    price nothing is settled: what they cost would be taken for theirs.
    """
    known: dict[str, int] = {}
    calls = list(calls)
    for call in calls:
        known[same(call.model)] = known.get(same(call.model), 0) + call.cost_picodollars
    left = still_unsettled(calls)
    if without := sum(map(unpriced, left)):
        return [], [f"{without} calls have no price: reprice them first"]
    open_calls: dict[str, list[CallRecord]] = {}
    for call in left:
        open_calls.setdefault(same(call.model), []).append(call)
    due: dict[str, int] = {}
    for model, money in charged.items():
        due[same(model)] = due.get(same(model), 0) + money
    records, problems = [], []
    for model, some in sorted(open_calls.items()):
        try:
            records += _settle(some, due.get(model), known.get(model, 0))
        except SettleError as error:
            problems.append(f"{model}: {error}")
    return records, problems


def _settle(calls: Sequence[CallRecord], due: int | None, known: int) -> list[CallRecord]:
    if due is None:
        raise SettleError("the account does not name it")
    bounds = [call.unsettled_picodollars for call in calls]
    rest, most = due - known, sum(bounds)
    if rest < 0:
        raise SettleError(f"the books have {-rest} pico-dollars more than the account")
    if rest > most:
        raise SettleError(
            f"the account has {rest} pico-dollars that no settled call explains, and the "
            f"{len(calls)} unsettled ones cost {most} at most"
        )
    return [settled(call, part) for call, part in zip(calls, split(rest, bounds), strict=True)]
