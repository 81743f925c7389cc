import pytest

from streams.access.acls import Acl
from streams.doctor.access_checks import check_rights
from streams.settings import Settings
from tests.doctor.scene import only


def test_nothing_lacks_where_kafka_allows_all() -> None:
    assert only(check_rights(Settings(), "worker", [])).level == "ok"


def test_what_is_denied_comes_with_the_command_that_grants_it() -> None:
    settings = Settings(bootstrap_servers="127.0.0.1:9", sasl_username="desk")
    finding = only(check_rights(settings, "reader", [Acl("topic", "mail", "Read")]))
    assert finding.level == "wrong"
    assert "a reader needs: Read on topic mail" in finding.message
    assert "--allow-principal User:desk --operation Read --topic mail" in finding.advice


@pytest.mark.parametrize(
    ("protocol", "mechanism", "said"),
    [("PLAINTEXT", None, "tickets go"), ("SASL_PLAINTEXT", "PLAIN", "the password goes")],
)
def test_what_goes_over_a_network_unencrypted_is_told(
    protocol: str, mechanism: str | None, said: str
) -> None:
    settings = Settings(
        bootstrap_servers="127.0.0.1:9,kafka:9092",
        security_protocol=protocol,
        sasl_mechanism=mechanism,
        sasl_username="desk",
        sasl_password="secret",
    )
    [_, finding] = check_rights(settings, "worker", [])
    assert finding.level == "warn"
    assert said in finding.advice
