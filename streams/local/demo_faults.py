"""The demo's fault buttons: each breaks one thing under load, mends it, and tells how it went."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from streams.dashboard.demo_panel import BusyError
from streams.local.happening import Happening
from streams.local.kafka.broker import EmbeddedKafka
from streams.local.kept_worker import KeptWorker
from streams.local.promises import Verdict
from streams.local.standin.process import StandIn

LOAD = 300
"""Tickets that are sent just before a fault, so that it finds some in hand."""
BURST = 1_000
SLOW_ANSWER = 1.0
"""Median seconds of an answer while calls are to be caught in flight."""
IN_HAND_SECONDS = 10.0
"""For the first of these tickets to reach the API."""
AWAY_SECONDS = 10.0
OVERLOAD_SECONDS = 8.0


class Watch(Protocol):
    """What is known of the tickets: streams/local/promises_watch.py."""

    @property
    def verdict(self) -> Verdict: ...  # noqa: D102

    async def until(self, holds: Callable[[Verdict], bool]) -> Verdict: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Fault:
    """A button."""

    title: str
    about: str
    """What will happen, for who has not pressed it yet."""
    do: Callable[[Happening], Awaitable[None]]


class FaultDesk:
    """Presses buttons, one at a time. ``send`` puts so many new tickets into the input topic;
    ``weather`` is the stand-in's faults as they are on every other day of the demo."""

    def __init__(
        self,
        broker: EmbeddedKafka,
        api: StandIn,
        worker: KeptWorker,
        watch: Watch,
        send: Callable[[int], Awaitable[None]],
        weather: Mapping[str, Any],
    ) -> None:
        self._broker = broker
        self._api = api
        self._worker = worker
        self._watch = watch
        self._send = send
        self._weather = weather
        self._task: asyncio.Task[None] | None = None
        self.last: Happening | None = None
        self.faults: Mapping[str, Fault] = {
            "kill-worker": Fault(
                "Kill the worker",
                f"{LOAD} tickets, and kill -9 while calls are in flight",
                self._kill_worker,
            ),
            "stop-kafka": Fault(
                f"Stop Kafka for {AWAY_SECONDS:.0f} s",
                f"{LOAD} tickets, and the broker is shut down in the midst of them",
                self._stop_kafka,
            ),
            "overload-api": Fault(
                f"API: 529 for {OVERLOAD_SECONDS:.0f} s",
                f"{LOAD} tickets, and every call is answered with overloaded_error",
                self._overload_api,
            ),
            "burst": Fault(f"Burst of {BURST:,} tickets", "All of them at once", self._burst),
        }

    def press(self, name: str) -> Happening:
        """Begin. Raises KeyError for a name that is no fault, and BusyError."""
        fault = self.faults[name]
        if self._task is not None and not self._task.done() and self.last is not None:
            raise BusyError(f"“{self.last.title}” is not over yet: one fault at a time")
        self.last = Happening(name, fault.title, time.time())
        self._task = asyncio.create_task(self._run(fault, self.last))
        return self.last

    async def ended(self) -> None:
        """Wait until nothing is going on."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """End what is going on, and mend what it broke."""
        if self._task is not None:
            self._task.cancel()
        await self.ended()

    async def _run(self, fault: Fault, happening: Happening) -> None:
        try:
            try:
                await fault.do(happening)
            finally:
                await _whatever_happens(self._mend())
            happening.phase = "recovering"
            mended = time.monotonic()
            verdict = await self._watch.until(lambda verdict: verdict.at_rest)
            happening.said.append(
                f"{time.monotonic() - mended:.1f} s later all {verdict.tickets:,} tickets are out: "
                f"{verdict.lost} lost, {verdict.duplicates} doubled, {verdict.paid_twice} paid "
                "twice."
            )
            happening.phase = "over"
        except asyncio.CancelledError:
            happening.phase = "over"
            happening.said.append("The demo ended before all tickets were out.")
            raise
        except Exception as error:  # the page shows it: nobody else would
            happening.phase = "failed"
            happening.said.append(f"It went wrong: {type(error).__name__}: {error}")
        finally:
            happening.ended_at = time.time()

    async def _mend(self) -> None:
        """Kafka runs, and the API has its usual faults only."""
        if not self._broker.alive:
            await asyncio.to_thread(self._broker.start)
        await asyncio.to_thread(self._api.faults, **self._weather)

    async def _kill_worker(self, happening: Happening) -> None:
        calls = await self._load_in_hand()
        pid = self._worker.kill()
        happening.said.append(
            f"Sent {LOAD} tickets; kill -9 of worker {pid} with {calls} calls in flight. It is "
            "started again; what those calls may have cost is booked as unsettled."
        )

    async def _stop_kafka(self, happening: Happening) -> None:
        calls = await self._load_in_hand()
        await asyncio.to_thread(self._broker.stop)
        happening.said.append(
            f"Sent {LOAD} tickets; Kafka was shut down with {calls} calls in flight. "
            "What they answer waits for its commit, and no other call is begun."
        )
        await asyncio.sleep(AWAY_SECONDS)
        await self._mend()
        happening.said.append(f"Kafka was started again after {AWAY_SECONDS:.0f} s.")

    async def _overload_api(self, happening: Happening) -> None:
        await asyncio.to_thread(self._api.faults, error={529: 1.0})
        await self._send(LOAD)
        happening.said.append(
            f"Sent {LOAD} tickets; every call is answered with 529, so they wait."
        )
        await asyncio.sleep(OVERLOAD_SECONDS)
        await self._mend()
        happening.said.append(
            "The API answers again. The errors are in the books, and cost nothing."
        )

    async def _burst(self, happening: Happening) -> None:
        await self._send(BURST)
        happening.said.append(f"Sent {BURST:,} tickets at once.")

    async def _load_in_hand(self) -> int:
        """Send tickets, and return with some of them at the API: how many calls are in flight.

        Answers take longer from now on, until the faults are set back to the usual weather.
        """
        await asyncio.to_thread(self._api.faults, latency=SLOW_ANSWER)
        await self._send(LOAD)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IN_HAND_SECONDS):
                while not (calls := await self._calls()):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.02)
                # a moment later more of them are there
                await asyncio.sleep(SLOW_ANSWER / 4)
                return max(calls, await self._calls())
        return 0

    async def _calls(self) -> int:
        account = await asyncio.to_thread(self._api.account)
        return int(account["in_flight"])


async def _whatever_happens(work: Awaitable[Any]) -> None:
    """Wait for ``work`` to its end, also where this task is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError
