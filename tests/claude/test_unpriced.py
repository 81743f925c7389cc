"""Models that answered and have no price."""

import logging

import pytest

from streams.claude.unpriced import MOST_CHARS, Unpriced


def test_each_model_is_told_once_with_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    met = Unpriced()
    assert met.words is None
    assert [met.note("a"), met.note("a"), met.note("b")] == ["a", "a", "b"]
    assert "answered by a, b have no price" in str(met.words)
    assert "TICKET_STREAMS_PRICES_FILE" in str(met.words)
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


def test_a_name_is_fit_for_a_key_a_log_and_a_record_whatever_the_api_sends() -> None:
    name = Unpriced().note("claude-\ud800|\n" + "x" * 1_000)
    assert name.startswith("claude-???x")
    assert len(name) == MOST_CHARS
    name.encode()


def test_an_api_that_invents_names_fills_no_memory() -> None:
    met = Unpriced()
    for number in range(1_000):
        met.note(f"m{number}")
    assert len(str(met.words)) < 1_000
