"""A broker that asks who is there: SASL_SSL and mutual TLS, and nothing allowed without an ACL.

A plain listener for the test itself is anonymous, and may do everything: by it users and ACLs come.
"""

import base64
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import trustme
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import SecretStr

from streams.access.acls import Acl
from streams.local.kafka.broker import EmbeddedKafka
from streams.local.kafka.ports import HOST, free_port

PASSWORD = "correct-horse-battery"
USERS = ("worker", "dashboard", "reader", "sender", "operator", "admin", "nobody")
MECHANISMS = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER"
MODULE = "org.apache.kafka.common.security"

_RESOURCES = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional-id": ResourceType.TRANSACTIONAL_ID,
}
_OPERATIONS = {
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
    "AlterConfigs": AclOperation.ALTER_CONFIGS,
}


class SecuredKafka:
    """Made by :func:`secured_kafka`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._authority = trustme.CA()
        self.ca = self._write("ca.pem", self._authority.cert_pem.bytes())
        self._issue("broker.pem", HOST)
        self.certificate = self._issue("client.pem", "worker@example.org", "worker")
        self.sasl_port, self.tls_port = free_port(), free_port()
        port = free_port()
        self.broker = EmbeddedKafka(folder / "kafka", port, extra=self._properties(port))

    @property
    def bootstrap(self) -> str:
        """Of those who sign in with a name."""
        return f"{HOST}:{self.sasl_port}"

    def start(self) -> None:
        self.broker.start()
        self.admin = AdminClient({"bootstrap.servers": self.broker.bootstrap, "log_level": 0})
        for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
            how = ScramCredentialInfo(mechanism, 4096)
            new: list[Any] = [
                UserScramCredentialUpsertion(user, how, PASSWORD.encode()) for user in USERS
            ]
            for done in self.admin.alter_user_scram_credentials(new).values():
                done.result(10)

    def grant(self, user: str, acls: Iterable[Acl]) -> None:
        """Exactly these, and nothing else."""
        for done in self.admin.create_acls([binding(user, acl) for acl in acls]).values():
            done.result(10)

    def revoke(self, user: str, acl: Acl) -> None:
        for done in self.admin.delete_acls([filter_of(user, acl)]).values():
            done.result(10)

    def access(self, user: str, mechanism: str = "SCRAM-SHA-512") -> dict[str, Any]:
        """Settings of one who signs in."""
        return {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": "SASL_SSL",
            "ssl_ca_location": str(self.ca),
            "sasl_mechanism": mechanism,
            "sasl_username": user,
            "sasl_password": SecretStr(PASSWORD),
        }

    @property
    def tls(self) -> dict[str, Any]:
        """Settings of who signs in with a certificate: as user worker."""
        return {
            "bootstrap_servers": f"{HOST}:{self.tls_port}",
            "security_protocol": "SSL",
            "ssl_ca_location": str(self.ca),
            "ssl_certificate_location": str(self.certificate),
        }

    def _issue(self, file: str, identity: str, common: str | None = None) -> Path:
        """A certificate and its key, in one file, as Kafka and Python both read them."""
        issued = self._authority.issue_cert(identity, common_name=common)
        key = load_pem_private_key(issued.private_key_pem.bytes(), None)
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return self._write(file, text + b"".join(c.bytes() for c in issued.cert_chain_pems))

    def _write(self, file: str, content: bytes) -> Path:
        path = self.folder / file
        path.write_bytes(content)
        return path

    def _properties(self, port: int) -> dict[str, str]:
        named = f"SECURED://{HOST}:{self.sasl_port},MUTUAL://{HOST}:{self.tls_port}"
        here = f"PLAINTEXT://{HOST}:{port},{named}"
        control = free_port()
        return {
            "listeners": f"{here},CONTROLLER://{HOST}:{control}",
            "advertised.listeners": here,
            "controller.quorum.voters": f"1@{HOST}:{control}",
            "listener.security.protocol.map": (
                "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL,MUTUAL:SSL"
            ),
            "sasl.enabled.mechanisms": MECHANISMS,
            "listener.name.secured.plain.sasl.jaas.config": (
                f'{MODULE}.plain.PlainLoginModule required user_worker="{PASSWORD}";'
            ),
            **{
                f"listener.name.secured.scram-sha-{bits}.sasl.jaas.config": (
                    f"{MODULE}.scram.ScramLoginModule required;"
                )
                for bits in (256, 512)
            },
            # Tokens without a signature: Kafka's own for tests.
            "listener.name.secured.oauthbearer.sasl.jaas.config": (
                f"{MODULE}.oauthbearer.OAuthBearerLoginModule required "
                'unsecuredLoginStringClaim_sub="broker";'
            ),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.folder / "broker.pem"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.ca),
            "listener.name.mutual.ssl.client.auth": "required",
            "ssl.principal.mapping.rules": "RULE:^.*CN=([^,]+).*$/$1/",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }


@contextmanager
def secured_kafka(folder: Path) -> Iterator[SecuredKafka]:
    """A running one."""
    kafka = SecuredKafka(folder)
    try:
        kafka.start()
        yield kafka
    finally:
        kafka.broker.kill()


def binding(user: str, acl: Acl) -> AclBinding:
    """The same in confluent-kafka's words."""
    return AclBinding(*_parts(user, acl))


def _parts(user: str, acl: Acl) -> tuple[Any, ...]:
    pattern = ResourcePatternType.PREFIXED if acl.prefixed else ResourcePatternType.LITERAL
    operation = _OPERATIONS.get(acl.operation) or AclOperation[acl.operation.upper()]
    allow = AclPermissionType.ALLOW
    return _RESOURCES[acl.resource], acl.name, pattern, f"User:{user}", "*", operation, allow


def filter_of(user: str, acl: Acl) -> Any:
    return AclBindingFilter(*_parts(user, acl))


def unsigned_token(user: str, seconds: float = 3600) -> str:
    """As Kafka's OAuthBearerUnsecuredValidatorCallbackHandler takes it."""
    now = time.time()
    parts = ({"alg": "none"}, {"sub": user, "iat": now, "exp": now + seconds})
    coded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in parts]
    return b".".join([*coded, b""]).decode()
