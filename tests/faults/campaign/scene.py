"""What a fault finds and may use."""

import asyncio
import random
from dataclasses import dataclass

from tests.faults.campaign.api_weather import Weather
from tests.faults.campaign.crew import Crew
from tests.faults.campaign.fault import Place
from tests.faults.campaign.watcher import Watcher
from tests.stack import Stack, Worker

LOAD_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Scene:
    """One round, while it runs."""

    stack: Stack
    place: Place
    crew: Crew
    weather: Weather
    watcher: Watcher
    rng: random.Random
    """Seeded: the only source of chance."""

    @property
    def workers(self) -> list[Worker]:
        """Those that should run now."""
        return self.crew.running

    async def under_load(self, calls: int = 40) -> bool:
        """Wait until the API has charged for that many more calls; False if it takes too long."""
        goal = self.paid() + calls
        return await self.watcher.until(lambda: self.paid() >= goal, LOAD_SECONDS)

    async def pause(self, least: float, most: float) -> None:
        """Some seconds between these."""
        await asyncio.sleep(self.rng.uniform(least, most))

    def paid(self) -> int:
        """Calls that the API has charged."""
        return int(self.stack.api.account()["paid"])
