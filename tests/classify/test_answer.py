"""Reading answers: tolerant of form, strict about meaning."""

import json
import re
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.classify.answer import BadAnswer, Reason, Verdict, read_answer, read_message
from tests.classify.answers import ALLOWED, BAD, READABLE

GOOD = '{"category":"billing","confidence":0.9}'


def reason(text: str) -> str:
    with pytest.raises(BadAnswer) as caught:
        read_answer(text, ALLOWED)
    return caught.value.reason


def test_the_corpus_is_large() -> None:
    assert len(READABLE) + len(BAD) >= 100
    assert len({text for text, _ in [*READABLE, *BAD]}) == len(READABLE) + len(BAD)


@pytest.mark.parametrize(("text", "verdict"), READABLE, ids=range(len(READABLE)))
def test_a_readable_answer_gives_its_verdict(text: str, verdict: Verdict) -> None:
    assert read_answer(text, ALLOWED) == verdict


@pytest.mark.parametrize(("text", "why"), BAD, ids=range(len(BAD)))
def test_a_bad_answer_gives_its_reason(text: str, why: Reason) -> None:
    assert reason(text) == why


@pytest.mark.parametrize(
    "text",
    ["{" * 50_000, '{"a":' * 10_000, '{"a":[' * 8_000, '{"' * 25_000, '{"a":"' + "\\" * 49_000],
)
def test_a_hostile_answer_takes_little_time(text: str) -> None:
    start = time.process_time()
    assert reason(text) == "not_json"
    assert time.process_time() - start < 1


@pytest.mark.parametrize("cut", range(len(GOOD)))
def test_no_beginning_of_an_answer_is_an_answer(cut: int) -> None:
    assert reason(GOOD[:cut]) in ("empty", "not_json")


def test_names_that_differ_in_spelling_only_need_the_exact_one() -> None:
    allowed = ("sign up", "sign-up", "unknown")
    assert read_answer('{"category":"sign-up","confidence":1}', allowed).category == "sign-up"
    with pytest.raises(BadAnswer, match="not_in_categories"):
        read_answer('{"category":"Sign-Up","confidence":1}', allowed)


# ---- any string at all

pieces = st.sampled_from(
    [
        *ALLOWED, "Billing", "{", "}", "[", "]", ":", ",", '"', "\\", "\n", " ", "```json",
        "0.9", "90%", "NaN", "-1", "true", "null", "1e5", '"category"', '"confidence"',
        '"category":', '"confidence":', '"billing"', '"technical"', '{"category":"billing"',
        ',"confidence":0.5}', GOOD, "\\u0062",
    ]
)  # fmt: skip
messy = st.lists(pieces | st.text(max_size=3), max_size=14).map("".join)


def check(text: str) -> None:
    with suppress(BadAnswer):
        verdict = read_answer(text, ALLOWED)
        assert verdict.category in ALLOWED
        assert 0 <= verdict.confidence <= 1
        plain = re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), text)
        assert verdict.category in re.sub(r"[\s_-]+", "_", plain).casefold()


@given(st.text() | messy)
def test_any_text_gives_a_category_that_stands_there_or_a_reason(text: str) -> None:
    check(text)


@given(st.data())
def test_a_damaged_answer_is_never_another_category(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([text for text, _ in READABLE]))
    place = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(place, min(len(text), place + 8)))
    check(text[:place] + data.draw(messy) + text[end:])


@given(
    st.sampled_from(ALLOWED),
    st.floats(0, 1),
    st.text().filter(lambda text: '"' not in text and "{" not in text),
    st.text().filter(lambda text: '"' not in text and "{" not in text),
)
def test_text_around_an_answer_changes_nothing(
    category: str, confidence: float, before: str, after: str
) -> None:
    answer = json.dumps({"category": category, "confidence": confidence})
    assert read_answer(before + answer + after, ALLOWED) == Verdict(category, confidence)


@given(st.lists(st.tuples(st.sampled_from(ALLOWED), st.floats(0, 1)), min_size=2, max_size=4))
def test_several_answers_must_agree(answers: list[tuple[str, float]]) -> None:
    text = "".join(json.dumps({"category": c, "confidence": p}) for c, p in answers)
    if len({category for category, _ in answers}) == 1:
        expected = Verdict(answers[0][0], min(confidence for _, confidence in answers))
        assert read_answer(text, ALLOWED) == expected
    else:
        assert reason(text) == "contradicting"


# ---- messages of the API


def text_block(text: Any) -> dict[str, Any]:
    return {"type": "text", "text": text}


@pytest.mark.parametrize("stop_reason", ["end_turn", "max_tokens", "stop_sequence", None, "new"])
def test_a_readable_message_counts_whatever_stopped_it(stop_reason: str | None) -> None:
    assert read_message([text_block(GOOD)], stop_reason, ALLOWED) == Verdict("billing", 0.9)


def test_only_text_blocks_are_read() -> None:
    content: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": "hm", "text": '{"category":"account","confidence":1}'},
        {"type": "tool_use", "input": {}},
        {},
        text_block(GOOD),
    ]
    assert read_message(content, "end_turn", ALLOWED).category == "billing"


def test_text_blocks_are_read_as_one() -> None:
    content = [text_block(GOOD[:20]), text_block(GOOD[20:])]
    assert read_message(content, "end_turn", ALLOWED).category == "billing"


@pytest.mark.parametrize(
    ("content", "stop_reason", "why"),
    [
        ([], "refusal", "refusal"),
        ([text_block(GOOD)], "refusal", "refusal"),
        ([], "max_tokens", "max_tokens"),
        ([{"type": "thinking", "thinking": "hm"}], "max_tokens", "max_tokens"),
        ([text_block(GOOD[:-1])], "max_tokens", "max_tokens"),
        ([], "end_turn", "empty"),
        ([text_block(None)], "end_turn", "empty"),
        ([text_block(5)], None, "empty"),
        ([text_block("no")], "end_turn", "not_json"),
    ],
)
def test_a_message_without_an_answer_says_why(
    content: list[dict[str, Any]], stop_reason: str | None, why: str
) -> None:
    with pytest.raises(BadAnswer) as caught:
        read_message(content, stop_reason, ALLOWED)
    assert caught.value.reason == why
