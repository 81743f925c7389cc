"""Strategies for every record of the topics, within what its schema can hold."""

from hypothesis import strategies as st

from streams.events.model import (
    CallRecord,
    Classification,
    Done,
    RoutedTicket,
    Share,
    Source,
    Ticket,
)

# Any text but lone surrogates, which a ticket never holds.
texts = st.text(st.characters(exclude_categories=["Cs"]))
longs = st.integers(-(2**63), 2**63 - 1)
ints = st.integers(-(2**31), 2**31 - 1)
counts = st.integers(0, 2**63 - 1)
tiers = st.sampled_from(["first", "escalation", "none"])
maybe = st.none()

tickets = st.builds(
    Ticket, texts, texts, maybe | texts, maybe | texts, maybe | texts, maybe | longs
)
classifications = st.builds(
    Classification,
    category=texts,
    confidence=st.floats(0, 1),
    tier=tiers,
    model=maybe | texts,
    reason=maybe | texts,
    input_tokens=counts,
    output_tokens=counts,
    cost_picodollars=counts,
    call_id=maybe | texts,
    prompt_version=texts,
    classified_at=longs,
)
routed_tickets = st.builds(
    RoutedTicket, tickets, classifications, st.builds(Source, texts, ints, longs, st.none())
)
shares = st.builds(Share, longs, texts, counts, counts, counts, texts, st.floats(0, 1), texts)
calls = st.builds(
    CallRecord,
    call_id=texts,
    started_at=longs,
    ended_at=longs,
    tier=tiers,
    requested_model=texts,
    model=texts,
    prompt_version=texts,
    attempt=ints,
    outcome=texts,
    status=maybe | ints,
    request_id=maybe | texts,
    input_tokens=counts,
    output_tokens=counts,
    cache_write_5m_tokens=counts,
    cache_write_1h_tokens=counts,
    cache_read_tokens=counts,
    cost_picodollars=counts,
    unsettled_picodollars=counts,
    source_topic=texts,
    source_partition=ints,
    shares=st.lists(shares, max_size=4).map(tuple),
    requests_limit=maybe | counts,
    input_tokens_limit=maybe | counts,
    output_tokens_limit=maybe | counts,
)
dones = st.builds(Done, longs, st.booleans(), maybe | classifications)
