import pytest

from streams.local.standin.classifier import Classifier
from tests.local.standin.calls import CATEGORIES

FOUR = Classifier(tuple(CATEGORIES))


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("You charged my card twice, I want a refund", "billing"),
        ("Where can I find the invoice for March?", "billing"),
        ("The app crashes as soon as I open the settings", "technical"),
        ("Sync stopped working, error 503", "technical"),
        ("Great tool! It would be nice if it had a dark mode", "product_feedback"),
        ("I love the new layout", "product_feedback"),
        ("I forgot my password and cannot log in", "account"),
        ("Please delete my account", "account"),
        ("Which bus goes to the zoo?", "unknown"),
        ("", "unknown"),
    ],
)
def test_plain_tickets_are_sorted(text: str, category: str) -> None:
    assert FOUR.classify(text)[0] == category


def test_confidence_follows_the_margin() -> None:
    clear = FOUR.classify("Refund the payment, the charge on the invoice is wrong")[1]
    torn = FOUR.classify("The payment page crashes")[1]
    assert 0 < torn < 0.65 < clear < 1


def test_the_same_text_has_the_same_answer() -> None:
    again = Classifier(tuple(CATEGORIES))
    assert FOUR.classify("The payment page crashes") == again.classify("The payment page crashes")


def test_other_categories_are_known_by_their_own_names() -> None:
    shop = Classifier(("Shipping delay", "warranty", "Product-Feedback"))
    assert shop.classify("My shipping is late")[0] == "Shipping delay"
    assert shop.classify("Is this under warranty?")[0] == "warranty"
    assert shop.classify("I love it")[0] == "Product-Feedback"


def test_without_unknown_a_guess_has_low_confidence() -> None:
    category, confidence = Classifier(("billing", "technical")).classify("Which bus goes there?")
    assert category in ("billing", "technical")
    assert confidence < 0.4


def test_a_keyword_matches_from_the_start_of_a_word_only() -> None:
    assert FOUR.classify("unrefundable prefixes")[0] == "unknown"
    assert FOUR.classify("REFUNDED!")[0] == "billing"
