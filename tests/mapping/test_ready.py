"""Every ready-made mapping reads every one of its sample events."""

import pytest

from streams.events.model import Ticket
from streams.mapping.fields import FieldMapping, checked, ready_made, ready_names
from streams.mapping.reader import EventReader
from streams.mapping.samples import ForeignEvent, samples_of

SAMPLES = [(name, event) for name in ready_names() for event in samples_of(name)]


@pytest.mark.parametrize("name", ready_names())
def test_a_ready_made_mapping_is_right_and_has_samples_of_every_kind(name: str) -> None:
    assert checked(ready_made(name)) == ready_made(name)
    expected = {event.expect for event in samples_of(name)}
    assert {"billing", "technical", "account", "product_feedback"} <= expected
    assert ("filtered" in expected) == (ready_made(name).filter is not None)


@pytest.mark.parametrize(("name", "event"), SAMPLES)
def test_a_sample_is_the_ticket_that_a_person_sees_in_it(name: str, event: ForeignEvent) -> None:
    found = EventReader(FieldMapping(base=name)).read(event.value, event.headers, {})
    if event.expect == "filtered":
        assert found == "filtered"
        return
    assert isinstance(found, Ticket)
    assert found.id
    assert len(found.text) > 40
    assert not {"<", ">", "\xa0"} & set(found.text)  # no markup is left
    assert found.customer_id
    # Freshdesk's placeholders have no time that is not in words.
    assert found.created_at is None or 1_790_000_000_000 < found.created_at < 1_800_000_000_000
    assert (found.created_at is None) == (b"freshdesk_webhook" in event.value)


def test_an_unknown_name_tells_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no ready-made mapping zendesc: .*zendesk"):
        checked(FieldMapping(base="zendesc"))
