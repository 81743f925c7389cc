"""Faults of the Messages API. Outages last seconds: the settings of a round are scaled as well."""

from tests.faults.campaign.fault import fault
from tests.faults.campaign.scene import Scene

OUTAGE = (5, 12)


async def outage(scene: Scene, **changes: object) -> None:
    with scene.weather.of(**changes):
        await scene.pause(*OUTAGE)


@fault("api_overloaded", seconds=35)
async def api_overloaded(scene: Scene) -> None:
    """Nothing but 529, 30 times as long as the longest pause between tries."""
    with scene.weather.of(error={529: 1.0}):
        await scene.pause(28, 32)


@fault("api_429", seconds=25)
async def api_429(scene: Scene) -> None:
    """A storm of 429 with retry-after."""
    await outage(scene, error={429: 0.9}, retry_after=1)


@fault("api_429_bare", seconds=25)
async def api_429_bare(scene: Scene) -> None:
    """A storm of 429 without retry-after."""
    await outage(scene, error={429: 0.9}, retry_after=None)


@fault("api_500", seconds=25)
async def api_500(scene: Scene) -> None:
    """Nothing but 500."""
    await outage(scene, error={500: 1.0})


@fault("api_half_broken", seconds=25)
async def api_half_broken(scene: Scene) -> None:
    """500, 503 and 529 for half of the calls."""
    await outage(scene, error={500: 0.2, 503: 0.15, 529: 0.15})


@fault("api_hangs", seconds=35)
async def api_hangs(scene: Scene) -> None:
    """Half of the calls are never answered and time out."""
    await outage(scene, hang=0.5, hang_seconds=30)


@fault("api_drips", seconds=35)
async def api_drips(scene: Scene) -> None:
    """Bodies that come byte by byte, for longer than a call may last. Each is paid for."""
    await outage(scene, drip=0.4, drip_seconds=20)


@fault("api_cuts", seconds=25)
async def api_cuts(scene: Scene) -> None:
    """Bodies that break off in the middle. Each is paid for."""
    await outage(scene, cut_body=0.4)


@fault("api_closes", seconds=25)
async def api_closes(scene: Scene) -> None:
    """Connections that are closed without an answer."""
    await outage(scene, no_reply=0.7)


@fault("api_html", seconds=25)
async def api_html(scene: Scene) -> None:
    """200 with a page of HTML, as a proxy on the way would send."""
    await outage(scene, html=1.0)


@fault("api_bad_json", seconds=25)
async def api_bad_json(scene: Scene) -> None:
    """Answers that are not JSON, and refusals. Each is paid for."""
    await outage(scene, bad_json=0.4, refuse=0.2)


@fault("api_key_revoked", seconds=40)
async def api_key_revoked(scene: Scene) -> None:
    """401 for every call, then the key works again."""
    await outage(scene, error={401: 1.0})


@fault("api_model_retired", seconds=40)
async def api_model_retired(scene: Scene) -> None:
    """404 for every call, then the model is there again."""
    await outage(scene, error={404: 1.0})


@fault("api_spend_limit", seconds=40)
async def api_spend_limit(scene: Scene) -> None:
    """429 of a spend limit, which is then raised."""
    await outage(scene, spend_limit=1.0)
