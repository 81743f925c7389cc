import json
import subprocess
import sys
import zipfile
from collections import Counter
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from streams.events.decode import decode_ticket
from streams.events.errors import UndecodableEvent
from streams.local.samples import DEAD_LETTER, VERY_LONG, Event, Sample, draw, load

CATEGORIES = {"billing", "technical", "product_feedback", "account"}
NOW = 1_800_000_000_000
TICKETS = [sample for sample in load() if sample.raw is None]
BROKEN = [sample for sample in load() if sample.raw is not None]


def _draw(n: int, seed: int = 7) -> list[Event]:
    return list(draw(n, seed, now_ms=NOW))


def _tickets(events: list[Event]) -> list[dict[str, Any]]:
    return [json.loads(e.value) for e in events if e.expect != DEAD_LETTER]


def _ids(events: list[Event]) -> list[str]:
    return [ticket["id"] for ticket in _tickets(events)]


def _texts(events: list[Event]) -> list[str]:
    return [ticket["text"] for ticket in _tickets(events)]


def test_there_are_enough_samples_of_every_category_and_kind() -> None:
    plain = Counter(s.expect for s in TICKETS if s.kind == "plain")
    kinds = Counter(s.kind.partition(":")[0] for s in TICKETS)
    assert len(load()) >= 240
    assert set(plain) == CATEGORIES
    assert min(plain.values()) >= 45
    assert kinds["language"] >= 25
    assert kinds["two_topics"] >= 12
    assert kinds["sarcasm"] >= 8
    assert kinds["injection"] >= 6
    assert kinds["empty"] >= 3
    assert kinds[VERY_LONG] >= 2
    assert {"nul", "surrogate", "html", "emoji", "log_dump", "thanks", "spam"} <= set(kinds)
    assert sum(s.expect == "unknown" for s in TICKETS) >= 10
    assert len(BROKEN) >= 8


def test_every_language_is_named_and_there_are_a_dozen() -> None:
    languages = {s.kind.partition(":")[2] for s in TICKETS if s.kind.startswith("language:")}
    assert len(languages) >= 12
    assert all(len(language) == 2 for language in languages)


def test_tickets_expect_a_category_and_broken_events_the_dead_letter_topic() -> None:
    assert {s.expect for s in TICKETS} == CATEGORIES | {"unknown", "any"}
    assert {s.expect for s in BROKEN} == {DEAD_LETTER}


def test_no_two_samples_say_the_same() -> None:
    said = Counter(str(s.fields.get("text", s.raw)).strip().casefold() for s in load())
    blank = said.pop("")
    assert blank == sum(s.kind == "empty" for s in TICKETS)
    assert set(said.values()) == {1}


def test_samples_leave_the_fields_of_an_event_to_the_draw() -> None:
    assert not any({"id", "customer_id", "created_at"} & set(s.fields) for s in TICKETS)


def test_a_very_long_ticket_is_above_100_kb_and_none_near_the_limit_of_kafka() -> None:
    sizes = [len(s.value("i", None, NOW)) for s in load()]
    assert 100_000 < max(sizes) < 900_000


def test_every_ticket_can_be_decoded() -> None:
    for sample in TICKETS:
        ticket = decode_ticket(sample.value("demo-1-1", "customer-1", NOW))
        assert (ticket.id, ticket.customer_id, ticket.created_at) == ("demo-1-1", "customer-1", NOW)
        assert ticket.channel == sample.fields["channel"]


@pytest.mark.parametrize("sample", BROKEN, ids=lambda sample: sample.kind)
def test_every_broken_event_is_no_ticket(sample: Sample) -> None:
    assert sample.value("demo-1-1", "customer-1", NOW) == sample.raw
    with pytest.raises(UndecodableEvent):
        decode_ticket(sample.raw)


def test_a_lone_surrogate_is_sent_as_valid_json_in_utf_8() -> None:
    (sample,) = [s for s in TICKETS if s.kind == "surrogate"]
    value = sample.value("demo-1-1", None, NOW)
    assert json.loads(value.decode("utf-8"))["text"] == sample.fields["text"]
    assert "\ud83e" in sample.fields["text"]


def test_the_same_seed_draws_the_same_events() -> None:
    assert _draw(1_000) == _draw(1_000)
    assert [e.expect for e in _draw(1_000, seed=7)] != [e.expect for e in _draw(1_000, seed=8)]


def test_a_longer_run_begins_like_a_shorter_one() -> None:
    assert _draw(1_000)[:400] == _draw(400)


def test_ids_are_unique_and_name_the_seed() -> None:
    ids = _ids(_draw(2_000))
    assert len(set(ids)) == len(ids)
    assert all(ticket_id.startswith("demo-7-") for ticket_id in ids)
    assert not set(ids) & set(_ids(_draw(2_000, seed=8)))


def test_the_first_draws_are_every_sample_once() -> None:
    events = _draw(len(load()))
    broken = [e.value for e in events if e.expect == DEAD_LETTER]
    assert Counter(_texts(events)) == Counter(s.fields["text"] for s in TICKETS)
    assert Counter(broken) == Counter(s.raw for s in BROKEN)


def test_after_the_first_pass_broken_events_are_one_percent_and_long_ones_rare() -> None:
    later = list(islice(draw(20_000, 7, now_ms=NOW), len(load()), None))
    long_texts = {s.fields["text"] for s in TICKETS if s.kind == VERY_LONG}
    long = sum(text in long_texts for text in _texts(later))
    broken = sum(e.expect == DEAD_LETTER for e in later)
    assert 0.007 < broken / len(later) < 0.013
    assert 0 < long / len(later) <= 0.005


def test_a_few_customers_write_most_and_some_events_have_no_key() -> None:
    events = _draw(5_000)
    keys = Counter(e.key for e in events)
    assert 0.01 < keys.pop(None) / len(events) < 0.03
    assert 100 < len(keys) <= 200
    assert keys.most_common(1)[0][0] == b"customer-1"
    assert sum(count for _, count in keys.most_common(20)) > len(events) / 2


def test_the_key_is_the_customer_of_the_ticket() -> None:
    for event in _draw(1_000):
        if event.expect != DEAD_LETTER:
            customer = json.loads(event.value).get("customer_id")
            assert event.key == (customer.encode() if customer else None)


def test_created_at_is_the_time_of_the_draw_unless_given(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count(1)
    monkeypatch.setattr("time.time_ns", lambda: next(clock) * 1_000_000)
    tickets = _tickets(list(draw(20, 1)))
    assert [f"demo-1-{t['created_at']}" for t in tickets] == [t["id"] for t in tickets]
    assert {t["created_at"] for t in _tickets(_draw(20))} == {NOW}


def test_fewer_than_all_and_none_can_be_drawn() -> None:
    assert len(_draw(5)) == 5
    assert _draw(0) == []


def test_samples_load_from_an_archive(tmp_path: Path) -> None:
    """As package resources, not as paths beside the source."""
    archive = tmp_path / "ticket_streams.zip"
    root = Path(__file__).parents[2]
    with zipfile.ZipFile(archive, "w") as wheel:
        for name in ("__init__.py", "local/__init__.py", "local/samples.py", "local/samples.jsonl"):
            wheel.write(root / "streams" / name, f"streams/{name}")
    code = (
        f"import sys; sys.path.insert(0, {str(archive)!r})\n"
        "from streams.local import samples; print(samples.__file__, len(samples.load()))"
    )
    run = [sys.executable, "-I", "-c", code]
    shown = subprocess.run(run, check=True, capture_output=True, text=True).stdout.split()
    assert shown == [str(archive / "streams/local/samples.py"), str(len(load()))]


def test_distinct_texts_can_share_no_answer_and_empty_ones_stay_empty() -> None:
    usual, distinct = _draw(600), list(draw(600, 7, now_ms=NOW, distinct=True))
    assert [event.expect for event in usual] == [event.expect for event in distinct]
    texts = [text for text in _texts(distinct) if text.strip()]
    assert len(set(texts)) == len(texts)
    assert len(set(_texts(usual))) < len(texts)
    empty = [not text.strip() for text in _texts(usual)]
    assert [not text.strip() for text in _texts(distinct)] == empty
