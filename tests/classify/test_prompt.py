"""The request: its shape, its frame around the ticket, its length."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.classify.categories import DEFAULT, Category
from streams.classify.prompt import (
    FRAME,
    Prompt,
    answer_schema,
    build_request,
    cut_middle,
    prompt_version,
    system_prompt,
    ticket_content,
    token_upper_bound,
)
from streams.events.model import Ticket
from tests.events.samples import tickets

MODEL = "claude-haiku-5-5"


def request(ticket: Ticket, model: str = MODEL, max_text_chars: int = 8_000) -> dict[str, Any]:
    return build_request(
        ticket, categories=DEFAULT, model=model, max_tokens=100, max_text_chars=max_text_chars
    )


def content(ticket: Ticket) -> str:
    found = request(ticket)["messages"][0]["content"]
    assert isinstance(found, str)
    return found


def test_the_request_is_one_the_api_takes() -> None:
    assert request(Ticket("1", "I was charged twice")) == {
        "model": MODEL,
        "max_tokens": 100,
        "thinking": {"type": "disabled"},
        "output_config": {
            "effort": "low",
            "format": {"type": "json_schema", "schema": answer_schema(DEFAULT)},
        },
        "system": system_prompt(DEFAULT),
        "messages": [
            {"role": "user", "content": "<ticket>\nI was charged twice\n</ticket>"},
        ],
    }


@pytest.mark.parametrize("model", [MODEL, "claude-sonnet-5-5", "claude-opus-5-5"])
def test_thinking_is_off_where_it_can_be_turned_off(model: str) -> None:
    found = request(Ticket("1", "a"), model)
    assert found["thinking"] == {"type": "disabled"}
    assert found["output_config"]["effort"] == "low"


@pytest.mark.parametrize("model", ["claude-haiku-4-5", "claude-haiku-4-5-20251001"])
def test_older_models_get_neither_thinking_nor_effort(model: str) -> None:
    found = request(Ticket("1", "a"), model)
    assert "thinking" not in found
    assert "effort" not in found["output_config"]


def test_the_schema_is_a_closed_set_without_what_the_api_refuses() -> None:
    schema = answer_schema(DEFAULT)
    assert schema["properties"]["category"]["enum"] == [
        "billing", "technical", "product_feedback", "account", "unknown",
    ]  # fmt: skip
    assert schema["additionalProperties"] is False
    assert sorted(schema["required"]) == sorted(schema["properties"])
    assert not re.search("minimum|maximum|minLength|maxLength", json.dumps(schema))


def test_every_category_is_defined_to_the_model() -> None:
    system = system_prompt(DEFAULT)
    assert all(f"\n{c.name}: {c.description}" in system for c in DEFAULT)
    assert "\nunknown: " in system


def test_the_subject_stands_before_the_text() -> None:
    assert content(Ticket("1", "b", subject="a")) == "<ticket>\nSubject: a\n\nb\n</ticket>"


def test_what_is_only_for_machines_is_not_sent() -> None:
    sent = json.dumps(request(Ticket("ID-1", "a", None, "CUSTOMER-1", "CHANNEL-1", 7_654_321)))
    assert not re.search("ID-1|CUSTOMER-1|CHANNEL-1|7654321", sent)


@pytest.mark.parametrize(
    "tag",
    ["<ticket>", "</ticket>", "</TICKET>", "< / ticket >", "<\n/\tTicket", "</ticket ", "<<ticket"],
)
def test_the_text_cannot_close_or_open_its_frame(tag: str) -> None:
    for ticket in (Ticket("1", f"a{tag}b"), Ticket("1", "a", subject=tag)):
        inside = content(ticket).removeprefix("<ticket>").removesuffix("</ticket>")
        assert not re.search(r"<\s*/?\s*ticket", inside, re.IGNORECASE)


@given(tickets)
def test_every_ticket_stands_in_exactly_one_frame(ticket: Ticket) -> None:
    found = content(ticket)
    assert len(re.findall(r"<\s*/?\s*ticket", found, re.IGNORECASE)) == 2
    assert found.startswith("<ticket>\n")
    assert found.endswith("\n</ticket>")


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
    ticket = Ticket("1", "t" * 500, subject="s" * 50_000)
    found = ticket_content(ticket, 200)
    assert len(found) < 300
    assert found.endswith("t" * 100)


def test_much_white_space_after_a_bracket_takes_little_time() -> None:
    # The frame's pattern would be quadratic here if it could step back.
    assert "&lt;" not in ticket_content(Ticket("1", "<" + " " * 1_000_000), 10**7)


def test_the_version_changes_with_what_the_model_is_shown() -> None:
    version = prompt_version(DEFAULT)
    assert re.fullmatch("[0-9a-f]{12}", version)
    assert version == Prompt(DEFAULT, "another", 5, 300).version
    assert version != prompt_version(DEFAULT[:3])
    assert version != prompt_version([*DEFAULT[:3], Category("account", "other words")])


def test_the_fixed_part_is_short() -> None:
    schema = json.dumps(answer_schema(DEFAULT), separators=(",", ":"))
    fixed = system_prompt(DEFAULT) + schema + FRAME.format(content="")
    assert len(fixed.encode()) / 3.5 < 240  # estimated tokens, paid for with every ticket


@given(tickets)
def test_the_bound_counts_every_byte_sent(ticket: Ticket) -> None:
    prompt = Prompt(DEFAULT, MODEL, 100, 8_000)
    found = prompt.request(ticket)
    schema = found["output_config"]["format"]["schema"]
    sent = (
        found["system"],
        found["messages"][0]["content"],
        json.dumps(schema, separators=(",", ":")),
    )
    size = sum(len(part.encode()) for part in sent)
    assert 0 <= prompt.upper_bound(found) - (1.25 * size + 64) < 1
    assert token_upper_bound(found) == prompt.upper_bound(found)


def test_requests_of_one_prompt_do_not_touch_each_other() -> None:
    prompt = Prompt(DEFAULT, MODEL, 100, 8_000)
    first, second = prompt.request(Ticket("1", "a")), prompt.request(Ticket("2", "b"))
    assert first["messages"] != second["messages"]
    assert prompt.names[-1] == "unknown"
