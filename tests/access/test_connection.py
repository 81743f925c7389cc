"""Settings to arguments of clients; nothing is connected."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import trustme

from streams.access.connection import client_arguments
from streams.access.tokens import ClientCredentials, FileTokens
from streams.delivery.faust_door import create_app, credentials_of
from streams.settings import SettingsError, load_settings, to_environment
from tests.house.files import ROOT

SCRAM = {
    "security_protocol": "SASL_PLAINTEXT",
    "sasl_mechanism": "SCRAM-SHA-512",
    "sasl_username": "worker",
    "sasl_password": "pass-word",
}


def test_nothing_is_given_where_nothing_is_set() -> None:
    assert client_arguments(load_settings().kafka) == {"bootstrap_servers": "127.0.0.1:9092"}
    assert client_arguments("one:1") == {"bootstrap_servers": "one:1"}


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "scram-sha-512"])
def test_faust_is_given_what_the_others_are(mechanism: str) -> None:
    from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

    settings = load_settings(**{**SCRAM, "sasl_mechanism": mechanism})
    given = credentials_to_aiokafka_auth(credentials_of(settings.kafka))
    ours = client_arguments(settings.kafka)
    assert ours.pop("bootstrap_servers") == "127.0.0.1:9092"
    assert {name: value for name, value in given.items() if value is not None} == ours
    assert ours["sasl_mechanism"] == mechanism.upper()


def test_the_app_signs_in_too() -> None:
    app = create_app(load_settings(**SCRAM))
    assert app.conf.broker_credentials.username == "worker"


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    settings = load_settings(**SCRAM)
    shown = f"{settings!r} {settings} {settings.kafka!r} {settings.kafka}"
    assert "pass-word" not in shown + str(settings.model_dump()) + settings.model_dump_json()
    assert to_environment(settings)["KAFKA_SASL_PASSWORD"] == "pass-word"
    with pytest.raises(SettingsError) as caught:
        load_settings(sasl_password=["pass-word"])
    assert "pass-word" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"security_protocol": "SASL_SSL"}, "KAFKA_SASL_MECHANISM"),
        ({**SCRAM, "sasl_username": None}, "KAFKA_SASL_USERNAME"),
        ({**SCRAM, "sasl_password": None}, "KAFKA_SASL_PASSWORD"),
        ({**SCRAM, "sasl_mechanism": "GSSAPI"}, "KAFKA_SASL_MECHANISM"),
        ({**SCRAM, "sasl_mechanism": "OAUTHBEARER"}, "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL"),
        ({"security_protocol": "TLS"}, "KAFKA_SECURITY_PROTOCOL"),
        ({"security_protocol": "SSL", "ssl_ca_location": "/none"}, "KAFKA_SSL_CA_LOCATION"),
        ({"security_protocol": "SSL", "ssl_key_location": "/none"}, "KAFKA_SSL_CERTIFICATE"),
        ({"security_protocol": "SSL", "ssl_certificate_location": "/none"}, "KAFKA_SSL_CERTIF"),
    ],
)
def test_what_is_missing_or_wrong_is_named(given: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(**given)
    assert str(caught.value).startswith(named)
    assert "\n" not in str(caught.value)


def test_certificates_are_checked_and_ours_is_shown(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("worker@example.org")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "own.pem"))
    settings = load_settings(
        security_protocol="ssl",
        ssl_ca_location=str(tmp_path / "ca.pem"),
        ssl_certificate_location=str(tmp_path / "own.pem"),
    )
    context = settings.kafka.security["ssl_context"]
    assert context.check_hostname
    assert len(context.get_ca_certs()) == 1
    assert settings.kafka is settings.kafka  # read once
    assert settings.model_copy(update={"bootstrap_servers": "x:1"}).kafka.servers == "x:1"


def test_tokens_come_from_a_file_or_an_endpoint() -> None:
    oauth = {**SCRAM, "sasl_mechanism": "OAUTHBEARER"}
    url = "sasl_oauthbearer_token_endpoint_url"
    file = load_settings(**oauth, **{url: "file:///var/run/token"}).kafka
    assert isinstance(file.security["sasl_oauth_token_provider"], FileTokens)
    login = {"sasl_oauthbearer_client_id": "me", "sasl_oauthbearer_client_secret": "s"}
    endpoint = load_settings(**oauth, **login, **{url: "https://idp/token"}).kafka
    assert isinstance(endpoint.security["sasl_oauth_token_provider"], ClientCredentials)


def test_every_client_is_made_with_these_arguments() -> None:
    """A client that is given the address alone works until Kafka asks who is there."""
    found = subprocess.run(
        ["git", "grep", "-nE", r"bootstrap_servers=|settings\.bootstrap_servers", "--", "streams"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()
    allowed = ("streams/access/", "streams/doctor/access_checks.py", "streams/local/demo.py")
    shows = ("streams/cli/topics.py", "streams/delivery/faust_door/create.py")
    assert not [line for line in found if not line.startswith((*allowed, *shows))]
