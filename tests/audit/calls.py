"""Call records to export, made by hand or drawn."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from streams.books.money import split
from streams.claude.prices import Usage, price_list
from streams.events.model import CallRecord, Share
from streams.events.topics import Topics
from streams.settings import Settings
from tests.audit.scene import call_of

TOPICS = Topics.of(Settings.model_construct())
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HAIKU = "claude-haiku-5-5"


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def call(
    usage: Usage,
    *categories: str,
    model: str = HAIKU,
    ended: datetime = NOON,
    extra: int = 0,
) -> CallRecord:
    """An answered call about a ticket for each category, priced by the shipped list.

    ``extra`` pico-dollars on top are no list's.
    """
    names = categories or ("billing",)
    at = ms(ended)
    try:
        cost = price_list().cost(model, usage, at) + extra
    except LookupError:
        cost = extra
    weights = [1] * len(names)
    shares = [
        Share(offset, name, read, written, part)
        for offset, (name, read, written, part) in enumerate(
            zip(
                names,
                split(usage.prompt_tokens, weights),
                split(usage.output_tokens, weights),
                split(cost, weights),
                strict=True,
            )
        )
    ]
    return replace(
        call_of(TOPICS, 0, shares, "call"),
        started_at=at - 700,
        ended_at=at,
        model=model,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_write_5m_tokens=usage.cache_write_5m,
        cache_write_1h_tokens=usage.cache_write_1h,
        cache_read_tokens=usage.cache_read,
        cost_picodollars=cost,
    )


def timed_out(category: str = "unknown") -> CallRecord:
    """A call whose usage was never seen: 5,000 pico-dollars at most."""
    lost = call_of(TOPICS, 0, [Share(0, category, 0, 0, 0, "timeout")], "lost", "timeout")
    return replace(lost, started_at=ms(NOON) - 30_000, ended_at=ms(NOON))


tokens = st.integers(0, 200_000)
drawn = st.builds(
    call,
    st.builds(Usage, tokens, tokens, tokens, tokens, tokens, st.sampled_from([None, "us"])),
    st.sampled_from(["billing", "technical", "unknown"]),
    st.sampled_from(["billing", "technical", "unknown"]),
    model=st.sampled_from([HAIKU, "claude-haiku-4-5-20251001", "claude-sonnet-5-5", "unpriced"]),
    ended=st.datetimes(datetime(2026, 11, 1), datetime(2026, 11, 4)).map(
        lambda at: at.replace(tzinfo=UTC)
    ),
    extra=st.sampled_from([0, 0, 1, 12_345]),
)
