import re
from html.parser import HTMLParser

from streams.evaluate.markup import document, tag
from streams.evaluate.page import page
from streams.evaluate.summary import Evaluation
from tests.evaluate.evaluations import evaluation, summary
from tests.evaluate.scene import judged, said

EVIL = "</style><script>alert(1)</script><img src=x onerror=alert(1)>"


class Reader(HTMLParser):
    """The elements and the visible text of a page."""

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page(evaluation))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_it_needs_nothing_from_elsewhere_and_no_scripts() -> None:
    html = page(evaluation(summary(), summary("other")))
    assert not set(Reader(evaluation()).tags) & {"script", "img", "link", "iframe", "object"}
    assert not re.findall(r"""(?:src|href)\s*=|url\(|@import|https?://""", html)


def test_names_and_texts_from_outside_stay_text() -> None:
    wrong = judged("billing", said("account", 0.9), line=1)
    read = Reader(
        evaluation(summary(EVIL, [wrong], model=EVIL), file=EVIL, texts={1: f"{EVIL} \x00 \ud800"})
    )
    assert not set(read.tags) & {"script", "img"}
    assert read.text.count("<script>alert(1)</script>") >= 3
    page(evaluation(texts={1: "\ud800"})).encode()


def test_texts_are_shown_only_if_they_are_given() -> None:
    texts = {2: "my text   with\nroom"}
    assert "my text with room" in Reader(evaluation(texts=texts)).text
    assert "my text" not in Reader(evaluation()).text


def test_it_shows_the_figures() -> None:
    read = Reader(evaluation(unlabelled=3, chosen=3))
    assert "Evaluation of labelled.jsonl" in read.text
    assert "75.0%" in read.text
    assert "3 without a label" in read.text
    assert "drawn at random" in read.text
    assert "empty_text (1)" in read.text
    assert read.tags.count("svg") == 3  # the threshold, and the confidence of both tiers


def test_two_runs_stand_side_by_side_with_what_differs() -> None:
    other = summary("model=claude-opus-5-5", model="claude-opus-5-5")
    read = Reader(evaluation(summary(), other))
    assert "no difference in accuracy" in read.text
    assert "claude-opus-5-5" in read.text
    assert read.tags.count("svg") == 6


def test_it_says_that_the_stand_in_answered() -> None:
    assert "says nothing about Claude" in Reader(evaluation(simulated=True)).text
    assert "stand-in" not in Reader(evaluation()).text


def test_a_run_without_escalation_has_no_curve() -> None:
    alone = summary(tickets=[judged("billing", said("billing", 0.9))])
    read = Reader(evaluation(alone))
    assert read.tags.count("svg") == 1
    assert "--curve full asks it about all of them" in read.text


def test_a_run_in_which_nothing_could_be_asked_is_shown_all_the_same() -> None:
    read = Reader(evaluation(summary(tickets=[judged("unknown", None, reason="empty_text")])))
    assert read.tags.count("svg") == 0
    assert "100.0%" in read.text


def test_markup_keeps_the_order_of_text_and_elements() -> None:
    html = document(
        tag("p", "a<", "b", tag("b", "c"), "d", "e", None, tag("i"), "f", class_="x", id=None)
    )
    assert html == '<!doctype html>\n<p class="x">a&lt;b<b>c</b>de<i></i>f</p>\n'


def test_settings_without_an_escalation_model_are_given_no_advice() -> None:
    alone = summary(tickets=[judged("billing", said("billing", 0.9))], escalation_model="none")
    assert "There is no escalation model" in Reader(evaluation(alone)).text
