import json

import pytest

from streams.events.errors import UndecodableEvent
from streams.events.model import Ticket
from streams.mapping.by_topic import registry_of
from streams.settings import SettingsError, load_settings

MAPPINGS = {
    "chat": {"id": "chat_id", "text": "message"},
    r"^desk\.": {"id": "number", "text": "body", "filter": "kind == 'new'"},
}


def event(**fields: str) -> bytes:
    return json.dumps(fields).encode()


def test_each_topic_is_read_by_its_own_mapping_and_others_as_ever() -> None:
    registry = registry_of(load_settings(topic_mappings=MAPPINGS))
    assert registry.decode_known(event(chat_id="1", message="a"), (), "chat") == Ticket("1", "a")
    desk = event(number="2", body="b", kind="new")
    assert registry.decode_known(desk, (), "desk.eu") == Ticket("2", "b")
    assert registry.decode_known(event(kind="old"), (), "desk.us") == "filtered"
    assert registry.decode_known(event(id="3", text="c"), (), "tickets") == Ticket("3", "c")
    with pytest.raises(UndecodableEvent):
        registry.decode_known(event(chat_id="1", message="a"), (), "tickets")


async def test_the_usual_mapping_holds_where_a_topic_has_none() -> None:
    settings = load_settings(mapping={"id": "no", "text": "say"}, topic_mappings=MAPPINGS)
    registry = registry_of(settings)
    assert await registry.decode_ticket(event(no="1", say="a"), (), "mail") == Ticket("1", "a")


def test_a_filter_of_one_topic_is_a_filter() -> None:
    assert not load_settings(topic_mappings={"chat": MAPPINGS["chat"]}).skips
    assert load_settings(topic_mappings=MAPPINGS).skips


@pytest.mark.parametrize("wrong", [{"chat": {"id": "a"}}, {"^(": "zendesk"}, {"a b": "zendesk"}])
def test_what_cannot_be_meant_is_refused(wrong: object) -> None:
    with pytest.raises(SettingsError, match="TOPIC_MAPPINGS"):
        load_settings(topic_mappings=wrong)
