"""A static member whose name is taken ends, and says which setting to look at."""

import asyncio
import logging

import pytest

from streams.delivery.last_resort import EXIT_FAILED
from streams.delivery.static_member import guard
from streams.settings import Settings


class Coordinator:
    """What the guard needs of aiokafka's GroupCoordinator."""

    def __init__(self) -> None:
        self.generation = 7
        self.resets = 0
        self._closing = asyncio.get_running_loop().create_future()

    def reset_generation(self) -> None:
        self.resets += 1
        self.generation = -1

    async def _push_error_to_user(self, error: Exception) -> None:
        del error


def guarded() -> tuple[Coordinator, list[int]]:
    coordinator, exits = Coordinator(), []  # type: tuple[Coordinator, list[int]]
    guard(coordinator, Settings(group_instance_id="w1"), exits.append)
    return coordinator, exits


async def test_an_unknown_member_exits(caplog: pytest.LogCaptureFixture) -> None:
    coordinator, exits = guarded()
    with caplog.at_level(logging.CRITICAL):
        coordinator.reset_generation()
    assert exits == [EXIT_FAILED]
    assert "TICKET_STREAMS_GROUP_INSTANCE_ID" in caplog.text
    assert "'w1'" in caplog.text


async def test_a_refused_join_exits_rather_than_waits() -> None:
    coordinator, exits = guarded()
    await coordinator._push_error_to_user(ValueError("fenced"))
    assert exits == [EXIT_FAILED]


async def test_a_stop_and_the_time_before_the_first_join_lose_no_membership() -> None:
    coordinator, exits = guarded()
    coordinator._closing.set_result(None)
    coordinator.reset_generation()
    new, exits_of_new = guarded()
    new.generation = -1
    new.reset_generation()
    assert exits == exits_of_new == []
    assert coordinator.resets == new.resets == 1
