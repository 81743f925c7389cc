"""HTML bodies as a person reads them; hostile ones cost no more than others."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.mapping.html import text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hi <b>there</b>,<br>I&nbsp;paid &lt;twice&gt;</p>", "Hi there,\nI paid <twice>"),
        ("<ul><li>one<li>two</ul>after", "one\ntwo\nafter"),
        ("<head><title>t</title></head><style>p{}</style><p>seen</p><script>x()</script>", "seen"),
        ("<table><tr><td>a</td><td> b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("no markup & none needed", "no markup & none needed"),
        ("<p>open <i>and never closed", "open and never closed"),
        ("before\0after", "before\ufffdafter"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("", ""),
        (" \n ", ""),
        ("<!-- nothing -->", ""),
    ],
)  # fmt: skip
def test_text_of(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 400_000 + "deep",
        "<b><i>" * 300_000 + "deep",
        "<table>" * 300_000,
        "<p" * 1_000_000,
        "<!--" * 500_000,
        "&" * 2_000_000,
        "<a href='" + "x" * 2_000_000,
    ],
    ids=lambda html: html[:6],
)
def test_two_megabytes_of_hostile_markup_take_less_than_a_lease(html: str) -> None:
    began = time.process_time()
    text_of(html)
    assert time.process_time() - began < 2  # 0.2 s, and a worker's lease is 4


@given(st.text())
def test_any_text_gives_text(html: str) -> None:
    assert "\0" not in text_of(html)
    text_of(html).encode()
