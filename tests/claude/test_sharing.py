"""One call's tokens and cost, shared out."""

from hypothesis import given
from hypothesis import strategies as st

from streams.claude.prices import Band, Usage, cost, price_list
from streams.claude.sharing import share_out

BAND = price_list().price("claude-haiku-5-5", 0).band(1_000)
tokens = st.integers(0, 10**6)


@given(
    st.builds(Usage, tokens, tokens, tokens, tokens, tokens),
    st.lists(st.integers(0, 10**5), min_size=1, max_size=100),
)
def test_the_parts_sum_exactly_to_the_call(usage: Usage, sizes: list[int]) -> None:
    price = price_list().price("claude-haiku-5-5", 0)
    whole = cost(usage, price)
    band = price.band(usage.prompt_tokens)
    shares = share_out(usage, whole, band, sizes)
    assert len(shares) == len(sizes)
    assert tuple(map(sum, zip(*shares, strict=True))) == (
        usage.prompt_tokens,
        usage.output_tokens,
        whole,
    )
    assert all(part >= 0 for share in shares for part in share)


@given(st.integers(0, 10**9), st.integers(0, 10**6))
def test_a_ticket_alone_takes_all(whole: int, size: int) -> None:
    assert share_out(Usage(300, 20), whole, BAND, [size]) == [(300, 20, whole)]


def test_a_long_ticket_pays_for_its_text_and_all_pay_alike_for_their_answers() -> None:
    usage = Usage(1_000, 40)
    whole = 1_000 * BAND.input + 40 * BAND.output
    long, short = share_out(usage, whole, BAND, [900, 100])
    assert long == (900, 20, 900 * BAND.input + 20 * BAND.output)
    assert short == (100, 20, 100 * BAND.input + 20 * BAND.output)


def test_the_band_is_that_of_the_whole_request() -> None:
    dear = Band(input=500_000, output=2_500_000, cache_write_5m=0, cache_write_1h=0, cache_read=0)
    whole = 200_000 * dear.input
    assert share_out(Usage(200_000, 0), whole, dear, [1, 1])[0] == (100_000, 0, whole // 2)
