"""Whose record it is, in topics that several installations may write to: what its headers say."""

from aiokafka import ConsumerRecord

from streams.events.headers import APP, RUN
from streams.replay.plan import app_id_of


def run_of(record: ConsumerRecord) -> str:
    """The replay that sent a routed ticket or a dead letter; empty for the workers."""
    return next((v.decode(errors="replace") for n, v in record.headers if n == RUN and v), "")


def owner_of(record: ConsumerRecord) -> str:
    """App id of the installation that sent a routed ticket or a dead letter; empty where it does
    not say, as before there was the header. Of several the last counts: the others may have come
    with the event."""
    said = (value for name, value in reversed(record.headers) if name == APP and value)
    return next(said, b"").decode(errors="replace")


def belongs(owner: str, run: str, app: str) -> bool:
    """Whether what says ``owner`` and ``run`` is of the installation ``app``: of its workers, of
    one of its replays, or of nobody who says so. Pure."""
    return owner in ("", app) or (run != "" and owner == app_id_of(app, run))


def is_ours(record: ConsumerRecord, app: str) -> bool:
    """:func:`belongs`, of a routed ticket."""
    return belongs(owner_of(record), run_of(record), app)
