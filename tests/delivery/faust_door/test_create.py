"""The app that is made."""

from streams.delivery.faust_door.consumer import SafeConsumer
from streams.delivery.faust_door.create import create_app
from streams.settings import Settings


def test_nothing_of_faust_s_own_delivery_is_on() -> None:
    app = create_app(Settings(bootstrap_servers="one:9092, two:9093", app_id="other"))
    conf = app.conf
    assert [str(url) for url in conf.broker] == ["kafka://one:9092", "kafka://two:9093"]
    assert conf.id == "other"
    assert not conf.web_enabled
    assert not conf.topic_allow_declare
    assert conf.processing_guarantee.value == "at_least_once"
    assert conf.broker_session_timeout > 4 * conf.broker_heartbeat_interval
    assert conf.broker_rebalance_timeout > Settings().stop_grace
    assert app.transport.Consumer is SafeConsumer


def test_a_static_member_has_the_same_name_and_address_wherever_it_starts() -> None:
    conf = create_app(Settings(group_instance_id="w1", session_timeout=60)).conf
    assert conf.consumer_group_instance_id == "w1"
    assert str(conf.canonical_url) == "http://w1"
    assert conf.broker_heartbeat_interval <= 3
    assert create_app(Settings()).conf.consumer_group_instance_id is None
