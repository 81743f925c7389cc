from collections.abc import AsyncIterator

import pytest
from anthropic import AsyncAnthropic

from streams.local.standin import StandIn


@pytest.fixture
async def client(api: StandIn) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(base_url=api.url, api_key="any", max_retries=0) as client:
        yield client
