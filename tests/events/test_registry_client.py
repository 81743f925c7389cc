"""The registry behind TLS, and what is no registry."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web

from streams.events.registry_client import (
    NotFoundError,
    RegistryAwayError,
    RegistryClient,
    RegistryRefusedError,
)
from streams.settings import Settings


@pytest.fixture
async def secured(tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """Settings for a registry that shows a certificate, and wants one."""
    authority = trustme.CA()
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    theirs.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(theirs)
    ours = authority.issue_cert("worker")
    files = {name: tmp_path / f"{name}.pem" for name in ("ca", "certificate", "key")}
    authority.cert_pem.write_to_path(files["ca"])
    ours.cert_chain_pems[0].write_to_path(files["certificate"])
    ours.private_key_pem.write_to_path(files["key"])

    async def subjects(_: web.Request) -> web.Response:
        return web.json_response(["a"])

    app = web.Application()
    app.router.add_get("/subjects", subjects)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=theirs).start()
    yield {
        "schema_registry_url": f"https://127.0.0.1:{runner.addresses[0][1]}",
        **{f"schema_registry_{name}": file for name, file in files.items()},
    }
    await runner.cleanup()


def client(**settings: Any) -> RegistryClient:
    found = RegistryClient.of(Settings(**settings))
    assert found
    return found


async def test_both_sides_show_their_certificates(secured: dict[str, Any]) -> None:
    assert await client(**secured).get("subjects") == ["a"]


@pytest.mark.parametrize("without", ["schema_registry_ca", "schema_registry_certificate"])
async def test_who_is_not_known_gets_no_answer(secured: dict[str, Any], without: str) -> None:
    with pytest.raises(RegistryAwayError):
        await client(**{**secured, without: None}).get("subjects")


def test_a_file_that_is_no_certificate_is_named_with_its_settings(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("not a certificate")
    with pytest.raises(ValueError, match="SCHEMA_REGISTRY_SSL_CA_LOCATION"):
        client(schema_registry_url="https://127.0.0.1:9", schema_registry_ca=file)


def test_without_an_address_there_is_none() -> None:
    assert RegistryClient.of(Settings()) is None


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (302, b"", RegistryAwayError),
        (401, b"{}", RegistryAwayError),
        (404, b"", NotFoundError),
        (404, b'{"error_code": 40403}', RegistryRefusedError),
        (409, b'{"error_code": 409, "message": "no"}', RegistryRefusedError),
        (422, b'{"error_code": "odd"}', RegistryRefusedError),
        (429, b'{"error_code": 429}', RegistryAwayError),
        (500, b'{"error_code": 50001}', RegistryAwayError),
        (200, b"null", RegistryAwayError),
        (200, b"<html>", RegistryAwayError),
    ],
)
async def test_what_an_answer_means(status: int, body: bytes, error: type[Exception]) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={"Location": "/login"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        with pytest.raises(error) as caught:
            await RegistryClient(f"http://127.0.0.1:{runner.addresses[0][1]}").get("x")
    finally:
        await runner.cleanup()
    assert type(caught.value) is error
