import socket

from streams.local.kafka.ports import HOST, free_port, is_free


def test_a_listening_port_is_not_free() -> None:
    with socket.create_server((HOST, 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_free_ports_lie_below_those_of_outgoing_connections() -> None:
    port = free_port()
    assert port < 32_768
    assert is_free(port)
