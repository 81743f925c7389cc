"""Plans as versions before several input topics wrote them."""

import json

from streams.events.topics import Topics
from streams.replay.plan import Plan
from streams.settings import Settings
from tests.audit.kafka_scene import producer_for, write
from tests.audit.scene import Written


async def save_as_older(settings: Settings, plan: Plan) -> None:
    """Writes a plan of one topic in the old form. The topic of plans must be there."""
    [(topic, topic_id)] = plan.topics.items()
    replays = Topics.of(settings).replays
    given = {
        "run": plan.run,
        "topic": topic,
        "topic_id": topic_id,
        "within": {str(p.partition): [r.start, r.stop] for p, r in plan.within.items()},
        "topic_prefix": plan.topic_prefix,
        "selected": plan.selected,
        "made_at": plan.made_at,
    }
    records = [
        Written(replays, 0, f"{plan.run}/{number}".encode(), json.dumps(chunk).encode())
        for number, chunk in enumerate(
            {"partition": place.partition, "runs": runs} for place, runs in plan.selection.chunks()
        )
    ]
    records.append(Written(replays, 0, plan.run.encode(), json.dumps(given).encode()))
    async with producer_for(settings, "older") as producer, producer.transaction():
        await write(producer, records)
