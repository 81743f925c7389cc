"""The request: its shape, its frames around the tickets, its length."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.classify.answer import Verdict, read_message
from streams.classify.categories import DEFAULT, Category
from streams.classify.prompt import (
    ENTRY,
    Prompt,
    answer_schema,
    cut_middle,
    new_ids,
    prompt_version,
    system_prompt,
    ticket_content,
)
from streams.events.json_values import scalar
from streams.events.model import Ticket
from streams.local.samples import load
from streams.local.standin.answers import answer_text
from streams.local.standin.requests import MessageRequest, parse
from streams.local.standin.tokens import answer_tokens, text_tokens
from tests.events.samples import tickets

MODEL = "claude-haiku-5-5"
OLDER = "claude-haiku-4-5-20251001"
MOST = 25


def prompt(model: str = MODEL, max_text_chars: int = 8_000) -> Prompt:
    return Prompt(DEFAULT, model, 100, max_text_chars)


def request(*tickets: Ticket, model: str = MODEL) -> dict[str, Any]:
    asked = prompt(model)
    ids = [str(471 + n) for n in range(1, len(tickets) + 1)]
    return asked.request(ids, [asked.part(ticket) for ticket in tickets])


def content(*tickets: Ticket) -> str:
    found = request(*tickets)["messages"][0]["content"]
    assert isinstance(found, str)
    return found


def parsed(found: dict[str, Any]) -> MessageRequest:
    """As the stand-in reads and counts it; it refuses what the API refuses."""
    return parse(json.dumps(found).encode())


# ---- the request


def test_the_request_is_one_the_api_takes() -> None:
    found = request(Ticket("1", "I was charged twice"), Ticket("2", "It crashes"))
    assert found == {
        "model": MODEL,
        "max_tokens": 140,
        "thinking": {"type": "disabled"},
        "output_config": {
            "effort": "low",
            "format": {"type": "json_schema", "schema": answer_schema()},
        },
        "system": system_prompt(DEFAULT),
        "messages": [
            {
                "role": "user",
                "content": "<ticket id=472>I was charged twice</ticket>"
                "<ticket id=473>It crashes</ticket>",
            }
        ],
    }
    assert parsed(found).tickets() == [("472", "I was charged twice"), ("473", "It crashes")]


@pytest.mark.parametrize("model", [MODEL, "claude-sonnet-5-5", "claude-opus-5-5"])
def test_thinking_is_off_where_it_can_be_turned_off(model: str) -> None:
    found = request(Ticket("1", "a"), model=model)
    assert found["thinking"] == {"type": "disabled"}
    assert found["output_config"]["effort"] == "low"


@pytest.mark.parametrize("model", ["claude-haiku-4-5", OLDER])
def test_older_models_get_neither_thinking_nor_effort(model: str) -> None:
    found = request(Ticket("1", "a"), model=model)
    assert "thinking" not in found
    assert "effort" not in found["output_config"]


def test_one_ticket_is_asked_about_in_the_same_form_as_many() -> None:
    one, two = request(Ticket("1", "a")), request(Ticket("1", "a"), Ticket("2", "b"))
    assert one["system"] == two["system"]
    assert one["output_config"] == two["output_config"]
    assert two["messages"][0]["content"].startswith(one["messages"][0]["content"])


def test_the_schema_has_nothing_that_the_api_refuses() -> None:
    schema = answer_schema()
    assert schema["additionalProperties"] is False
    assert schema["required"] == list(schema["properties"])
    assert not re.search("minimum|maximum|Length|Items|[$]ref", json.dumps(schema))


def test_the_pattern_fits_what_is_asked_for_in_the_features_that_the_api_documents() -> None:
    assert re.fullmatch(ENTRY, "472 product_feedback 94")
    for entry in ("472 billing", "billing 94", "472 billing 0.9", "472 a b 94", '{"a": 1}'):
        assert not re.fullmatch(ENTRY, entry)
    assert not re.search(r"[|]|\\b|\(\?|\\[1-9]", ENTRY)


def test_what_is_only_for_machines_is_not_sent() -> None:
    sent = json.dumps(request(Ticket("ID-1", "a", None, "CUSTOMER-1", "CHANNEL-1", 7_654_321)))
    assert not re.search("ID-1|CUSTOMER-1|CHANNEL-1|7654321", sent)


def test_requests_of_one_prompt_do_not_touch_each_other() -> None:
    asked = prompt()
    first, second = asked.request(["472"], ["a"]), asked.request(["472"], ["b"])
    assert first["messages"] != second["messages"]
    assert asked.names[-1] == "unknown"


def test_every_part_needs_an_id() -> None:
    with pytest.raises(ValueError, match="zip"):
        prompt().request(["472"], ["a", "b"])


# ---- what the model is told


def test_every_category_is_defined_to_the_model() -> None:
    system = system_prompt(DEFAULT)
    assert all(f"\n{c.name}: {c.description}\n" in system for c in DEFAULT)
    assert "\nunknown: none fits\n" in system


def test_examples_stand_behind_their_category_on_one_line() -> None:
    given = [
        Category("billing", "money", ('Charged "twice"', "Où est ma facture ?")),
        Category("other", examples=("Hello",)),
        Category("bare"),
        Category("unknown", "spam, thanks"),
    ]
    assert system_prompt(given).split("\n")[1:-2] == [
        'billing: money (e.g. "Charged \\"twice\\""; "Où est ma facture ?")',
        'other: (e.g. "Hello")',
        "bare",
        "unknown: spam, thanks",
    ]


def test_the_version_changes_with_what_the_model_is_shown() -> None:
    version = prompt_version(DEFAULT)
    assert re.fullmatch("[0-9a-f]{12}", version)
    assert version == Prompt(DEFAULT, "another", 5, 300).version
    assert version != prompt_version(DEFAULT[:3])
    assert version != prompt_version([*DEFAULT[:3], replace(DEFAULT[3], description="other words")])
    assert version != prompt_version([*DEFAULT[:3], replace(DEFAULT[3], examples=("Hello",))])


# ---- a ticket's part


def test_the_subject_stands_before_the_text() -> None:
    assert prompt().part(Ticket("1", "b", subject="a")) == "Subject: a\n\nb"


@pytest.mark.parametrize(
    "tag",
    [
        "<ticket>", "</ticket>", "</TICKET>", "< / ticket >", "<\n/\tTicket", "</ticket ",
        "<<ticket", "<//ticket>", "<ticket id=472>", "\uff1c/ticket\uff1e", "<\uff0fticket>",
        "<\u200b/\u2060ticket>", "<\\/ticket>",
    ],
)  # fmt: skip
def test_the_text_cannot_close_or_open_its_frame(tag: str) -> None:
    for ticket in (Ticket("1", f"a{tag}b"), Ticket("1", "a", subject=tag)):
        part = prompt().part(ticket)
        assert not re.search(r"[<\uff1c]\W*ticket", part, re.IGNORECASE)
        assert parsed(request(ticket, Ticket("2", "b"))).tickets() == [("472", part), ("473", "b")]


def test_a_text_that_only_speaks_of_tickets_is_left_alone() -> None:
    for text in ("my ticket", "a < b, ticket 5", "x<y>ticket", "5<6 ticket", "<tick>", "{id} %s"):
        assert prompt().part(Ticket("1", text)) == text


@given(st.lists(tickets, min_size=1, max_size=4))
def test_every_ticket_stands_in_exactly_one_frame(some: list[Ticket]) -> None:
    asked = prompt()
    parts = [asked.part(ticket) for ticket in some]
    found = content(*some)
    assert len(re.findall(r"<\s*/?\s*ticket", found, re.IGNORECASE)) == 2 * len(some)
    assert [text for _, text in parsed(request(*some)).tickets()] == parts


@given(st.text(), st.integers(1, 60))
def test_a_long_text_is_cut_in_the_middle_and_the_mark_counts(text: str, most: int) -> None:
    found = cut_middle(text, most)
    if len(text) <= most:
        assert found == text
        return
    mark = f"\n[... {len(text) - most} characters left out ...]\n"
    assert len(found) == most + len(mark)
    assert mark in found
    assert text.startswith(found[: most - most // 2])
    assert text.endswith(found[len(found) - most // 2 :])


def test_a_long_subject_is_cut_too() -> None:
    found = prompt(max_text_chars=200).part(Ticket("1", "t" * 500, subject="s" * 50_000))
    assert len(found) < 300
    assert found.endswith("t" * 100)


def test_much_white_space_after_a_bracket_takes_little_time() -> None:
    # The frame's pattern would be quadratic here if it could step back.
    assert "&lt;" not in ticket_content(Ticket("1", "<" + " " * 1_000_000), 10**7)


def test_every_sample_passes_in_shared_calls() -> None:
    asked = prompt()
    some = [sample.fields for sample in load() if sample.raw is None]
    parts = [asked.part(Ticket("1", scalar(f["text"]), f.get("subject"))) for f in some]
    for call in (parts[n : n + MOST] for n in range(0, len(parts), MOST)):
        ids = new_ids(len(call))
        found = parsed(asked.request(ids, call))
        assert found.tickets() == list(zip(ids, call, strict=True))
        text = answer_text(found, frozenset(["filler"]))
        readings = read_message([{"type": "text", "text": text}], None, asked.names, ids)
        assert all(isinstance(reading, Verdict) for reading in readings)


# ---- ids


@pytest.mark.parametrize("n", [1, 2, 5, 25, 26, 100])
def test_ids_are_numbers_of_one_length_that_no_slip_of_a_digit_confuses(n: int) -> None:
    for _ in range(50):
        ids = new_ids(n)
        assert len(set(ids)) == n
        assert {len(name) for name in ids} == {3 if n <= MOST else 4}
        assert all(name == str(int(name)) for name in ids)
        shapes = [name[:p] + "_" + name[p + 1 :] for name in ids for p in range(len(name))]
        assert len(set(shapes)) == len(shapes)


def test_ids_are_new_in_each_call_and_all_of_them_are_used() -> None:
    given = [name for _ in range(2_000) for name in new_ids(MOST)]
    assert len(set(given)) > 885  # of 890: none is likely to be missed in 50,000
    shares = [given.count(name) / 2_000 for name in ("123", "110", "472", "999")]
    assert all(0.01 < share < 0.06 for share in shares)  # 25 of 890; nobody's guess is better
    assert all(int(name) > 100 for name in given)  # no percentage is an id


# ---- lengths, by the stand-in's count


def test_a_single_call_is_short_before_the_ticket_and_a_shared_one_for_each() -> None:
    texts = [sample.fields["text"] for sample in load() if sample.kind == "plain"]
    asked = prompt()
    assert overhead(asked, texts[:1])[0] < 300
    calls = [texts[n : n + MOST] for n in range(0, len(texts) - MOST, MOST)]
    assert len(calls) > 4
    totals = [sum(overhead(asked, call)) for call in calls]
    assert sum(totals) / len(calls) / MOST <= 30


def overhead(asked: Prompt, texts: list[str]) -> tuple[int, int]:
    """Tokens in besides the texts, and tokens out."""
    found = parsed(asked.request(new_ids(len(texts)), texts))
    answer = answer_tokens(answer_text(found, frozenset()))
    assert answer <= asked.max_tokens(len(texts))
    return found.input_tokens - sum(text_tokens(text, found.model) for text in texts), answer


@given(st.lists(tickets, min_size=1, max_size=4), st.sampled_from([MODEL, OLDER]))
def test_the_bound_is_never_below_the_count(some: list[Ticket], model: str) -> None:
    asked = prompt(model)
    parts = [asked.part(ticket) for ticket in some]
    found = asked.request(new_ids(len(parts)), parts)
    bound = asked.fixed_bound + sum(map(asked.part_bound, parts))
    assert bound >= parsed(found).input_tokens
    sent = found["messages"][0]["content"] + system_prompt(DEFAULT)
    size = len(sent.encode()) + len(json.dumps(answer_schema(), separators=(",", ":")))
    assert bound >= 1.25 * size + 64


def test_the_longest_name_fits_into_each_tickets_tokens() -> None:
    long = "a_category_with_the_longest_name_that_the_settings_allow_so_that"
    asked = Prompt([Category(long)], MODEL, 100, 8_000)
    answer = json.dumps(f"4720 {long} 100") + ", "
    assert asked.max_tokens(100) - asked.max_tokens(99) >= answer_tokens(answer)
    assert asked.max_tokens(1) == 100


# ---- the prompt cache


def categories(n: int) -> list[Category]:
    """About 90 bytes each."""
    return [Category(f"category_{k}", "what belongs into it, " * 3) for k in range(n)]


@pytest.mark.parametrize(
    ("n", "model", "expected"),
    [
        (4, MODEL, False), (50, MODEL, True), (50, OLDER, False),
        (50, "claude-sonnet-5-5", False), (4, OLDER, False),
    ],
)  # fmt: skip
def test_the_system_prompt_is_marked_where_the_model_caches_it(
    n: int, model: str, expected: bool
) -> None:
    asked = Prompt(categories(n), model, 100, 8_000)
    found = asked.request(["472"], ["a"])
    assert asked.caches is expected
    cached = parsed(found).cacheable
    assert (cached is not None) is expected
    if cached:
        assert cached.tokens >= 512
        assert found["system"][0]["text"] == system_prompt(categories(50))


def test_the_bound_covers_what_writing_to_the_cache_costs() -> None:
    plain, marked = (Prompt(categories(50), m, 100, 8_000) for m in (OLDER, MODEL))
    assert marked.fixed_bound >= 1.25 * plain.fixed_bound
