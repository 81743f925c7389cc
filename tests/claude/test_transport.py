"""What goes over the wire: to the right place, with the SDK's headers, and once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anthropic
import pytest

from streams.claude.transport import Transport


class Heard:
    """A server that answers ``body`` and remembers the heads of the requests."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.status = "200 OK"
        self.body = b"{}"
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        head = f"HTTP/1.1 {self.status}\r\ncontent-length: {len(self.body)}\r\n"
        head += "content-type: application/json\r\nrequest-id: req_1\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + self.body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def server() -> AsyncIterator[Heard]:
    heard = Heard()
    listening = await asyncio.start_server(heard.serve, "127.0.0.1", 0)
    heard.port = listening.sockets[0].getsockname()[1]
    try:
        yield heard
    finally:
        listening.close()


@asynccontextmanager
async def transport(base_url: str) -> AsyncIterator[Transport]:
    made = Transport(api_key="sk-test", base_url=base_url, connections=2)
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize("path", ["", "/", "/gateway", "/gateway/"])
async def test_a_request_has_the_path_the_key_and_the_version_that_the_sdk_sends(path: str) -> None:
    async with server() as heard, transport(f"http://127.0.0.1:{heard.port}{path}") as made:
        await made.post({"model": "m"})
    (head,) = heard.heads
    assert head.startswith(f"POST {path.rstrip('/')}/v1/messages HTTP/1.1\r\n")
    sent = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if line)
    assert sent["content-type"] == "application/json"
    sdk = anthropic.AsyncAnthropic(api_key="sk-test")
    for name in ("authorization", "anthropic-version", "user-agent"):
        expected = {key.lower(): value for key, value in sdk.default_headers.items()}[name]
        assert sent[name] == str(expected).lower()


@pytest.mark.parametrize("status", [400, 429, 529])
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"error":{"type":"t","message":"m"}}'])
async def test_a_status_is_the_error_that_the_sdk_would_raise(status: int, body: bytes) -> None:
    """Ours is made by a private name of the SDK's, which a new version of it may change."""
    async with server() as heard, transport(f"http://127.0.0.1:{heard.port}") as made:
        heard.status, heard.body = f"{status} X", body
        with pytest.raises(anthropic.APIStatusError) as ours:
            await made.post({})
        assert len(heard.heads) == 1
        base_url = f"http://127.0.0.1:{heard.port}"
        async with anthropic.AsyncAnthropic(
            api_key="sk-test", base_url=base_url, max_retries=0
        ) as sdk:
            with pytest.raises(anthropic.APIStatusError) as theirs:
                await sdk.messages.create(model="m", max_tokens=1, messages=[])
    told = [
        (type(e), str(e), e.body, e.status_code, e.request_id) for e in (ours.value, theirs.value)
    ]
    assert told[0] == told[1]


async def test_the_environment_s_proxy_is_used_unless_the_host_is_exempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with server() as proxy, server() as api:
        url = f"http://127.0.0.1:{api.port}"
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        async with transport(url) as made:
            await made.post({})
        assert proxy.heads[0].startswith(f"POST {url}/v1/messages ")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with transport(url) as made:
            await made.post({})
    assert (len(proxy.heads), len(api.heads)) == (1, 1)


async def test_passwords_of_the_home_folder_are_not_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with server() as heard, transport(f"http://127.0.0.1:{heard.port}") as made:
        await made.post({})
    assert "authorization: bearer sk-test" in heard.heads[0].lower()
