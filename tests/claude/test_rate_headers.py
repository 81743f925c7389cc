from hypothesis import given
from hypothesis import strategies as st

from streams.claude.rate_headers import PREFIX, Bucket, RateLimits, read_rate_limits
from streams.local.standin.limits import Limits, RateLimiter

NAMES = ("requests", "input-tokens", "output-tokens", "tokens")
FIELDS = ("limit", "remaining", "reset")


def test_what_the_stand_in_sends_is_read() -> None:
    limiter = RateLimiter(Limits(60, 60_000, 120_000), burst_seconds=10, now=1_000_000)
    limiter.admit(4_000, now=1_000_000)
    headers = limiter.headers(1_000_000) | {"date": "Mon, 12 Jan 1970 13:46:40 GMT"}
    assert read_rate_limits(headers) == RateLimits(
        Bucket(60, 9, 1.0), Bucket(60_000, 6_000, 4.0), Bucket(120_000, 20_000, 0.0)
    )


def test_an_api_without_these_headers_tells_nothing() -> None:
    assert read_rate_limits({}) is None
    assert read_rate_limits({"date": "Mon, 12 Jan 1970 13:46:40 GMT", "retry-after": "7"}) is None


def test_nonsense_is_none_and_its_neighbours_are_read() -> None:
    headers = {
        PREFIX + "requests-limit": "1000",
        PREFIX + "requests-remaining": "many",
        PREFIX + "input-tokens-limit": "0",
        PREFIX + "input-tokens-remaining": "0",
        PREFIX + "output-tokens-limit": "400000",
        PREFIX + "output-tokens-remaining": "1000",
        PREFIX + "output-tokens-reset": "tomorrow",
        "date": "Mon, 12 Jan 1970 13:46:40 GMT",
    }
    assert read_rate_limits(headers) == RateLimits(None, None, Bucket(400_000, 1_000))


def test_a_reset_before_the_answer_or_without_a_date_is_left_out() -> None:
    headers = {
        PREFIX + "requests-limit": "10",
        PREFIX + "requests-remaining": "5",
        PREFIX + "requests-reset": "1970-01-12T13:46:40Z",
    }
    for date in ("", "yesterday", "Mon, 12 Jan 1970 13:46:41 GMT"):
        limits = read_rate_limits(headers | {"date": date})
        assert limits is not None
        assert limits.requests == Bucket(10, 5)


@given(
    st.dictionaries(
        st.sampled_from(
            ["date", *(f"{PREFIX}{name}-{field}" for name in NAMES for field in FIELDS)]
        ),
        st.one_of(
            st.text(max_size=30),
            st.integers(-5, 10**20).map(str),
            st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
            st.sampled_from(["١٢", "1e3", "0x10", " 5", "-0", "Mon, 12 Jan 1970 13:46:40 +9999"]),
        ),
    )
)
def test_no_header_does_harm(headers: dict[str, str]) -> None:
    limits = read_rate_limits(headers)
    for bucket in (limits.requests, limits.input_tokens, limits.output_tokens) if limits else ():
        assert bucket is None or (bucket.limit > 0 and bucket.remaining >= 0)
        assert bucket is None or bucket.full_in is None or bucket.full_in >= 0
