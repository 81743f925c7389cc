import json
from pathlib import Path

import pytest

from streams.evaluate.labels import LabelError, read_labelled, sample
from tests.evaluate.scene import NAMES


def lines(*rows: object) -> list[bytes]:
    return [json.dumps(row).encode() + b"\n" for row in rows]


def test_text_subject_and_label_are_read() -> None:
    found = read_labelled(lines({"text": "T", "subject": "S", "category": "billing"}), NAMES)
    (one,) = found.tickets
    assert (one.ticket.text, one.ticket.subject, one.expected, one.line) == ("T", "S", "billing", 1)


@pytest.mark.parametrize("field", ["category", "label", "category_or_null", "expect"])
def test_the_label_is_found_under_each_usual_name(field: str) -> None:
    (one,) = read_labelled(lines({"text": "T", field: "account"}), NAMES).tickets
    assert one.expected == "account"


def test_a_named_field_is_the_only_one_that_counts() -> None:
    rows = lines({"text": "T", "category": "billing", "truth": "account"})
    (one,) = read_labelled(rows, NAMES, "truth").tickets
    assert one.expected == "account"
    assert read_labelled(rows, NAMES, "elsewhere").unlabelled == 1


def test_without_a_label_a_line_is_not_judged() -> None:
    found = read_labelled(lines({"text": "T"}, {"text": "T", "label": None}), NAMES)
    assert (found.tickets, found.unlabelled) == ([], 2)


@pytest.mark.parametrize("label", ["Product Feedback", "product-feedback", " PRODUCT_FEEDBACK "])
def test_a_labels_spelling_does_not_matter(label: str) -> None:
    (one,) = read_labelled(lines({"text": "T", "label": label}), NAMES).tickets
    assert one.expected == "product_feedback"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "line 3: not JSON at line 1, column 2"),
        (b"[]", "line 3: JSON, but a list and no object"),
        (b'{"label": "billing"}', "line 3: field text is missing"),
        (b'{"text": 1, "label": "billing"}', "line 3: field text is a number"),
        (b'{"text": "T", "label": "refunds"}', "line 3: the label 'refunds' is none of billing,"),
        (b'{"text": "T", "label": 3}', "line 3: the label 3 is none of"),
        (b'{"text": "T", "label": ""}', "line 3: the label '' is none of"),
        (b"\xff", "line 3: not UTF-8"),
    ],
)
def test_a_bad_line_is_named(line: bytes, said: str) -> None:
    with pytest.raises(LabelError, match=r"^line 3: ") as error:
        read_labelled([*lines({"text": "T", "label": "billing"}), b"\n", line], NAMES)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_sample_is_drawn_by_its_seed_and_keeps_the_files_order() -> None:
    rows = lines(*({"text": str(number), "label": "billing"} for number in range(100)))
    tickets = read_labelled(rows, NAMES).tickets
    drawn = sample(tickets, 20, seed=1)
    assert [one.line for one in drawn] == sorted({one.line for one in drawn})
    assert len(drawn) == 20
    assert drawn == sample(tickets, 20, seed=1) != sample(tickets, 20, seed=2)
    assert sample(tickets, None, 1) == sample(tickets, 200, 1) == tickets


def test_a_file_can_be_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_bytes(b"".join(lines({"id": "a", "text": "T", "label": "billing"})))
    with path.open("rb") as file:
        assert read_labelled(file, NAMES).tickets[0].ticket.id == "a"
