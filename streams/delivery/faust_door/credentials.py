"""How to sign in to Kafka, as Faust wants to be told."""

from typing import Any

import faust

from streams.access.connection import Kafka


def credentials_of(kafka: Kafka) -> Any:
    """What every other client is given (streams.access.connection), in Faust's words."""
    given = kafka.security
    context, mechanism = given.get("ssl_context"), given.get("sasl_mechanism")
    if mechanism == "OAUTHBEARER":
        tokens = given["sasl_oauth_token_provider"]
        return faust.OAuthCredentials(oauth_cb=tokens, ssl_context=context)
    if mechanism is not None:
        return faust.SASLCredentials(
            username=given["sasl_plain_username"],
            password=given["sasl_plain_password"],
            mechanism=mechanism,
            ssl_context=context,
        )
    return None if context is None else faust.SSLCredentials(context)
