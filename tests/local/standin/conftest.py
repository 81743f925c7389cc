from collections.abc import AsyncIterator, Iterator

import pytest
from anthropic import AsyncAnthropic

from streams.local.standin import StandIn


@pytest.fixture(scope="session")
def started() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def api(started: StandIn) -> StandIn:
    """A stand-in without faults, and with an empty account."""
    started.no_faults()
    started.reset()
    return started


@pytest.fixture
async def client(api: StandIn) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(base_url=api.url, api_key="any", max_retries=0) as client:
        yield client
