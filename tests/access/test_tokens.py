import asyncio
from pathlib import Path

import pytest

from streams.access.tokens import ClientCredentials, FileTokens, TokenError
from tests.access.token_endpoint import CLIENT, SECRET, token_endpoint


async def test_a_file_is_read_again_for_each_connection(tmp_path: Path) -> None:
    file = tmp_path / "token"
    tokens = FileTokens(file)
    for text in ("one", "two"):
        file.write_text(f"{text}\n")
        assert await tokens.token() == text
    file.unlink()
    with pytest.raises(TokenError, match="FileNotFoundError"):
        await tokens.token()


async def test_one_token_is_for_all_connections_of_all_loops() -> None:
    with token_endpoint("me") as endpoint:
        tokens = ClientCredentials(endpoint.url, CLIENT, SECRET, "kafka")
        found = await asyncio.gather(*(tokens.token() for _ in range(10)))
        found.append(await asyncio.to_thread(lambda: asyncio.run(tokens.token())))
        assert len(set(found)) == 1
        assert endpoint.asked == [{"grant_type": ["client_credentials"], "scope": ["kafka"]}]


async def test_a_token_is_renewed_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("streams.access.tokens.time.monotonic", lambda: now)
    with token_endpoint("me", lasts=100) as endpoint:
        tokens = ClientCredentials(endpoint.url, CLIENT, SECRET)
        await tokens.token()
        now += 79.0
        await tokens.token()
        assert len(endpoint.asked) == 1
        now += 2.0
        await tokens.token()
        assert len(endpoint.asked) == 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, b"[]"), "gives no token"),
        ((200, b"<html>"), "gives no token"),
        ((200, b'{"access_token": "x", "expires_in": "soon"}'), "gives no token"),
        ((500, b"{}"), "HTTP 500"),
    ],
)
async def test_what_is_no_token_is_told(answer: tuple[int, bytes], said: str) -> None:
    with token_endpoint("me") as endpoint:
        endpoint.answer = answer
        with pytest.raises(TokenError, match=said):
            await ClientCredentials(endpoint.url, CLIENT, SECRET).token()


async def test_a_wrong_secret_is_named_and_not_shown() -> None:
    named = "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET"
    with token_endpoint("me") as endpoint, pytest.raises(TokenError, match=named) as caught:
        await ClientCredentials(endpoint.url, CLIENT, "guessed").token()
    assert "guessed" not in str(caught.value)


async def test_an_endpoint_that_is_away_is_told() -> None:
    with token_endpoint("me") as endpoint:
        url = endpoint.url
    with pytest.raises(TokenError, match="does not answer"):
        await ClientCredentials(url, CLIENT, SECRET).token()
