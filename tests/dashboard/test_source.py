import asyncio

from streams.books.rows import SpendRow
from streams.dashboard.source import BooksSource
from tests.dashboard.hand_fed import HandFed, this_minute
from tests.dashboard.scenes import call


async def test_the_same_state_again_wakes_nobody() -> None:
    source = BooksSource()
    source.tell("away", "gone")
    version = source.version
    source.tell("away", "gone")
    assert source.version == version
    source.tell("live")
    await source.changed(version)


async def test_a_reader_is_waited_for() -> None:
    source = BooksSource()
    waiting = asyncio.create_task(source.until_read())
    await asyncio.sleep(0)
    assert not waiting.done()
    with source.reader():
        await asyncio.wait_for(waiting, 5)
    assert source.readers == 0


def test_a_month_of_calls_and_expired_rows_takes_the_room_of_a_week() -> None:
    source, now = HandFed(), this_minute()
    for day in range(30):
        start = now - day * 86_400
        source.calls.add(call(start), source.stamp)
        source.spend("0|m|billing", SpendRow(tickets=1), start)
        source.spend("0|m|billing", SpendRow(), start)  # expired: its sum is nothing
    source.tidy()
    for timeline in (source.calls.latency, source.books.spend_steps):
        told = timeline.changed(3_600, int(now) - 40 * 86_400, int(now) + 3_600, since=-1)
        assert len(list(told)) <= 9
