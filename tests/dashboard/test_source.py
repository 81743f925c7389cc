import asyncio

from streams.dashboard.source import BooksSource


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
