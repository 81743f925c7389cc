"""Reading answers: tolerant of form, strict about meaning."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.classify.answer import Reading, Reason, Verdict, read_answers, read_message
from tests.classify.answers import ALLOWED, BAD, IDS, ONE, READABLE, SHARED

GOOD = '{"r":["472 billing 90"]}'
OBJECTS = '{"r":[{"i":472,"c":"billing","p":0.9}]}'
OLD = '{"category":"billing","confidence":0.9}'


def read(text: str, allowed: tuple[str, ...] = ALLOWED) -> Reading:
    """What an answer says about the only ticket."""
    (reading,) = read_answers(text, allowed, [ONE])
    return reading


def test_the_corpus_is_large() -> None:
    single = [text for text, _ in [*READABLE, *BAD]]
    assert len(set(single)) == len(single) > 220
    assert len({text for text, _ in SHARED}) == len(SHARED) > 140


@pytest.mark.parametrize(("text", "verdict"), READABLE, ids=range(len(READABLE)))
def test_a_readable_answer_gives_its_verdict(text: str, verdict: Verdict) -> None:
    assert read(text) == verdict


@pytest.mark.parametrize(("text", "why"), BAD, ids=range(len(BAD)))
def test_a_bad_answer_gives_its_reason(text: str, why: Reason) -> None:
    assert read(text) == why


@pytest.mark.parametrize(("text", "readings"), SHARED, ids=range(len(SHARED)))
def test_a_shared_answer_gives_each_ticket_its_own(
    text: str, readings: tuple[Reading, ...]
) -> None:
    assert read_answers(text, ALLOWED, IDS) == list(readings)
    assert read_answers(text, ALLOWED, IDS[::-1]) == list(readings[::-1])


@pytest.mark.parametrize(
    "text",
    [
        "{" * 50_000, '{"a":' * 10_000, '{"a":[' * 8_000, '{"' * 25_000, '{"a":"' + "\\" * 49_000,
        '{"a":' * 900 + "[" + "1," * 20_000 + "1]" + "}" * 900,
        '["472 sales 90",' * 2_700, '["' * 20_000, '["472' + " " * 49_000, ',"\\' * 15_000,
        "[" + '"472 a 1 ",' * 4_000, "[" + "," * 49_000 + '"', '["' + "a: " * 16_000 + '"',
        '{"c":' * 10_000, '{"c":1}' * 7_000, '{"i":"' + '472"' * 12_000, '{"c":1,"a":{' * 4_000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("ids", [IDS, [ONE]])
def test_a_hostile_answer_takes_little_time(text: str, ids: list[str]) -> None:
    start = time.process_time()
    assert not any(isinstance(found, Verdict) for found in read_answers(text, ALLOWED, ids))
    assert time.process_time() - start < 4  # a quadratic one takes minutes


def test_a_hundred_tickets_are_read_however_the_answer_is_laid_out() -> None:
    ids = [str(n) for n in range(1_000, 1_100)]
    answer = {"r": [{"i": int(i), "c": "product_feedback", "p": 0.9} for i in ids]}
    lines = [f"{i} product_feedback 90" for i in ids]
    wrapped = [{"answer": row} for row in answer["r"]]
    for text in (
        json.dumps(answer), json.dumps(answer, indent=4), f"```\n{json.dumps(answer)}",
        json.dumps({"r": lines}), json.dumps(lines, indent=4), json.dumps({"r": lines})[:-2],
        json.dumps(wrapped), "\n".join(json.dumps(row) for row in wrapped),
    ):  # fmt: skip
        assert read_answers(text, ALLOWED, ids) == [Verdict("product_feedback", 0.9)] * 100


@pytest.mark.parametrize(("good", "last"), [(GOOD, '"]'), (OBJECTS, "}"), (OLD, "}")])
def test_no_beginning_of_an_answer_is_an_answer(good: str, last: str) -> None:
    for cut in range(good.index(last)):
        assert read(good[:cut]) in ("empty", "not_json")


def test_nothing_is_a_negative_zero() -> None:
    for text in ('{"r":[{"i":472,"c":"billing","p":-0.0}]}', '{"c":"billing","p":-0.0}'):
        assert str(read(text)) == "Verdict(category='billing', confidence=0.0)"


def test_names_that_differ_in_spelling_only_need_the_exact_one() -> None:
    allowed = ("sign up", "sign-up", "unknown")
    assert read('{"c":"sign-up","p":1}', allowed) == Verdict("sign-up", 1.0)
    assert read('{"c":"Sign-Up","p":1}', allowed) == "not_in_categories"


# ---- any string at all

pieces = st.sampled_from(
    [
        *ALLOWED, "Billing", "{", "}", "[", "]", ":", ",", '"', "\\", "\n", " ", "```json",
        "0.9", "90%", "NaN", "-1", "true", "null", "1e5", '"category"', '"confidence"',
        '"category":', '"confidence":', '"billing"', '"technical"', '{"category":"billing"',
        ',"confidence":0.5}', GOOD, OLD, OBJECTS, "\\u0062",
        '"472 ', " billing 90", '["', '","', '90"', "815 account",
        '"i":', '{"i":472,', '"c":', '"p":', "815",
    ]
)  # fmt: skip
messy = st.lists(pieces | st.text(max_size=3), max_size=14).map("".join)


def check(text: str) -> None:
    """Whoever has a category has one that stands there; whoever shares a call, with its own id."""
    plain = re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), text).casefold()
    for ids in ([ONE], IDS):
        for name, reading in zip(ids, read_answers(text, ALLOWED, ids), strict=True):
            if isinstance(reading, Verdict):
                assert reading.category in ALLOWED
                assert 0 <= reading.confidence <= 1
                assert reading.category in re.sub(r"[\s_-]+", "_", plain)
                assert len(ids) == 1 or name in plain


@given(st.text() | messy)
def test_any_text_gives_a_category_that_stands_there_or_a_reason(text: str) -> None:
    check(text)


@given(st.data())
def test_a_damaged_answer_is_never_another_category(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([text for text, _ in [*READABLE, *SHARED]]))
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
    assert read(before + answer + after) == Verdict(category, confidence)


@given(st.lists(st.tuples(st.sampled_from(ALLOWED), st.floats(0, 1)), min_size=2, max_size=4))
def test_several_answers_must_agree(answers: list[tuple[str, float]]) -> None:
    text = "".join(json.dumps({"category": c, "confidence": p}) for c, p in answers)
    if len({category for category, _ in answers}) == 1:
        expected = Verdict(answers[0][0], min(confidence for _, confidence in answers))
        assert read(text) == expected
    else:
        assert read(text) == "contradicting"


# ---- many tickets

Told = dict[str, tuple[str, float]]
names = st.integers(101, 999).map(str)
# In hundredths: an exponent of three digits would be taken for an id, and its ticket asked again.
told = st.dictionaries(
    names,
    st.tuples(st.sampled_from(ALLOWED), st.integers(0, 100).map(lambda n: n / 100)),
    min_size=2,
)
plain_text = st.text(st.characters(exclude_characters='{"}', exclude_categories=["Nd", "Cs"]))


def rows(answers: Told) -> list[dict[str, Any]]:
    return [{"i": int(i), "c": category, "p": p} for i, (category, p) in answers.items()]


def lines(answers: Told) -> list[str]:
    """As they are asked for."""
    return [f"{i} {category} {round(p * 100)}" for i, (category, p) in answers.items()]


forms: st.SearchStrategy[Callable[[Told], list[Any]]] = st.sampled_from([lines, rows])


def verdicts(answers: Told, ids: list[str]) -> list[Reading]:
    return [Verdict(*answers[name]) if name in answers else "missing" for name in ids]


@given(told, st.data(), plain_text, plain_text)
def test_each_ticket_gets_its_own_answer_whatever_is_missing_invented_or_around(
    answers: Told, data: st.DataObject, before: str, after: str
) -> None:
    form = data.draw(forms)
    ids = data.draw(st.permutations(sorted(answers)))
    kept = data.draw(st.lists(st.sampled_from(ids), unique=True))
    sent = form({name: answers[name] for name in kept})
    invented = data.draw(st.dictionaries(names, st.tuples(st.sampled_from(ALLOWED), st.just(1.0))))
    sent += form({name: given for name, given in invented.items() if name not in answers})
    text = before + json.dumps({"r": data.draw(st.permutations(sent))}) + after
    kept_answers = {name: answers[name] for name in kept}
    assert read_answers(text, ALLOWED, ids) == verdicts(kept_answers, ids)


@given(told, st.data())
def test_a_string_that_is_doubled_or_broken_is_the_trouble_of_its_own_ticket_only(
    answers: Told, data: st.DataObject
) -> None:
    ids = sorted(answers)
    bad = data.draw(st.sampled_from(ids))
    category, _ = answers[bad]
    other = data.draw(st.sampled_from([name for name in ALLOWED if name != category]))
    spoiled = data.draw(
        st.sampled_from(
            [
                f'"{bad} {other} 100"',
                f'"{bad} {other}"',
                f'"{bad} sales 100"',
                f'"{bad} {category} {other} 100"',
                f'"{bad} {category} 1.0"',
                f'"{bad}"',
                f"'{bad} {other} 100'",
                f"{bad} {other} 100",
                f'{{"{bad}": "{other} 100"}}',
                json.dumps({"category": other, "id": bad}),
                json.dumps({"category": other, "id": bad})[:-1],
            ]
        )
    )
    sent = [json.dumps(line) for line in lines(answers)]
    sent.insert(data.draw(st.integers(0, len(sent))), spoiled)
    found = read_answers('{"r": [' + ", ".join(sent) + "]}", ALLOWED, ids)
    for name, reading, own in zip(ids, found, verdicts(answers, ids), strict=True):
        assert not isinstance(reading, Verdict) if name == bad else reading == own


@given(told, st.data())
def test_an_answer_that_is_doubled_or_broken_is_the_trouble_of_its_own_ticket_only(
    answers: Told, data: st.DataObject
) -> None:
    ids = sorted(answers)
    bad = data.draw(st.sampled_from(ids))
    category, _ = answers[bad]
    other = data.draw(st.sampled_from([name for name in ALLOWED if name != category]))
    (again,) = rows({bad: (other, 1.0)})
    spoiled = data.draw(
        st.sampled_from(
            [
                json.dumps(again),
                json.dumps(again)[:-1] + ",}",
                json.dumps(again)[:-1],
                str(again),
                json.dumps({**again, "c": "sales"}),
                json.dumps({"category": other, "id": bad}),
                f'{{"{bad}": {{"c": "{other}"',
            ]
        )
    )
    sent = [json.dumps(row) for row in rows(answers)]
    sent.insert(data.draw(st.integers(0, len(sent))), spoiled)
    found = read_answers('{"r": [' + ", ".join(sent) + "]}", ALLOWED, ids)
    expected = verdicts(answers, ids)
    for name, reading, own in zip(ids, found, expected, strict=True):
        assert not isinstance(reading, Verdict) if name == bad else reading == own


@given(told, st.data())
def test_what_was_complete_before_a_cut_is_used_and_the_rest_is_not(
    answers: Told, data: st.DataObject
) -> None:
    ids = list(answers)
    form = data.draw(forms)
    whole = json.dumps({"r": form(answers)})
    text = whole[: data.draw(st.integers(0, len(whole)))]
    ends = text.count("}") if form is rows else (text.count('"') - 2) // 2
    complete = dict(list(answers.items())[: max(ends, 0)])
    found = read_message([text_block(text)], "max_tokens", ALLOWED, ids)
    assert found == [Verdict(*complete[i]) if i in complete else "max_tokens" for i in ids]


@given(told, st.data())
def test_the_quick_way_reads_what_the_careful_way_reads(answers: Told, data: st.DataObject) -> None:
    ids = [*answers, "1000"]
    sent: list[Any] = [line.split() for line in lines(answers)]
    words = data.draw(st.sampled_from(sent))
    words[data.draw(st.integers(0, 2))] = data.draw(
        st.sampled_from(
            ["1000", "1", "-1", "05", "0.5", "billing", "Billing", "", "x", "1 1", "7%"]
        )
    )
    form = data.draw(st.sampled_from(["{0} {1} {2}", "{0}  {1} {2}", "{0}: {1} {2}"]))
    given: list[Any] = [form.format(*words)]
    given += [" ".join(line) for line in sent if line is not words]
    given += data.draw(st.sampled_from([[], [7], [None], [{}]]))
    text = json.dumps({"r": given})
    assert read_answers(text, ALLOWED, ids) == read_answers(f"-{text}", ALLOWED, ids)


# ---- messages of the API


def text_block(text: Any) -> dict[str, Any]:
    return {"type": "text", "text": text}


@pytest.mark.parametrize("stop_reason", ["end_turn", "max_tokens", "stop_sequence", None, "new"])
def test_a_readable_message_counts_whatever_stopped_it(stop_reason: str | None) -> None:
    found = read_message([text_block(GOOD)], stop_reason, ALLOWED, [ONE])
    assert found == [Verdict("billing", 0.9)]


def test_only_text_blocks_are_read() -> None:
    content: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": "hm", "text": OLD.replace("billing", "account")},
        {"type": "tool_use", "input": {}},
        {},
        text_block(GOOD),
    ]
    assert read_message(content, "end_turn", ALLOWED, [ONE]) == [Verdict("billing", 0.9)]


def test_text_blocks_are_read_as_one() -> None:
    content = [text_block(GOOD[:20]), text_block(GOOD[20:])]
    assert read_message(content, "end_turn", ALLOWED, [ONE]) == [Verdict("billing", 0.9)]


@pytest.mark.parametrize("ids", [[ONE], list(IDS)])
@pytest.mark.parametrize(
    ("content", "stop_reason", "why"),
    [
        ([], "refusal", "refusal"),
        ([text_block(GOOD)], "refusal", "refusal"),
        ([], "max_tokens", "max_tokens"),
        ([{"type": "thinking", "thinking": "hm"}], "max_tokens", "max_tokens"),
        ([text_block(GOOD[:-3])], "max_tokens", "max_tokens"),
        ([text_block(OLD[:-1])], "max_tokens", "max_tokens"),
        ([], "end_turn", "empty"),
        ([text_block(None)], "end_turn", "empty"),
        ([text_block(5)], None, "empty"),
        ([text_block("no")], "end_turn", "not_json"),
    ],
)
def test_a_message_without_an_answer_says_why_for_every_ticket(
    content: list[dict[str, Any]], stop_reason: str | None, why: str, ids: list[str]
) -> None:
    assert read_message(content, stop_reason, ALLOWED, ids) == [why] * len(ids)


def test_a_cut_answer_keeps_its_other_faults_apart() -> None:
    text = '{"r":["472 sales 100","815 billing 100","306 acc'
    expected = ["not_in_categories", Verdict("billing", 1.0), "max_tokens"]
    assert read_message([text_block(text)], "max_tokens", ALLOWED, IDS) == expected
