from collections.abc import Iterator

import pytest

from streams.local.standin import StandIn


@pytest.fixture(scope="session")
def started() -> Iterator[StandIn]:
    with StandIn(key="right") as standin:
        yield standin


@pytest.fixture
def api(started: StandIn) -> StandIn:
    """A stand-in without faults, and with an empty account; its key is ``right``."""
    started.no_faults()
    started.reset()
    return started
