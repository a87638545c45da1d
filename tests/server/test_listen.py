"""Beyond this machine, only with TLS or on somebody's word."""

import pytest

from render.errors import ConfigError
from server.listen import announced, check_listen

HERE = ["127.0.0.1:50051", "127.9.9.9:1", "localhost:0", "[::1]:50051", "unix:/run/x.sock", "ipv4:127.0.0.1:5"]
BEYOND = ["0.0.0.0:50051", "[::]:50051", "192.0.2.7:50051", "[2001:db8::1]:1", "dns:///0.0.0.0:1", "ipv6:[::]:50051"]


@pytest.mark.parametrize("address", HERE)
def test_this_machine_needs_nothing(address: str):
    check_listen(address, encrypted=False, insecure=False)


@pytest.mark.parametrize("address", BEYOND)
def test_beyond_it_needs_tls(address: str):
    with pytest.raises(ConfigError, match="others can reach, and there is no TLS"):
        check_listen(address, encrypted=False, insecure=False)
    check_listen(address, encrypted=True, insecure=False)
    check_listen(address, encrypted=False, insecure=True)


@pytest.mark.parametrize("address", ["", "127.0.0.1", ":50051", "127.0.0.1:x", "127.0.0.1:70000", "[::1]"])
def test_what_is_no_address_is_refused(address: str):
    with pytest.raises(ConfigError, match="HOST:PORT is expected"):
        check_listen(address, encrypted=True, insecure=True)


def test_a_host_without_an_address_is_refused():
    with pytest.raises(ConfigError, match="has no address"):
        check_listen("no.such.host.invalid:1", encrypted=False, insecure=False)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("127.0.0.1:0", "127.0.0.1:6000"),
        ("[::1]:0", "[::1]:6000"),
        ("unix:/run/a.sock", "unix:/run/a.sock"),
        ("unix-abstract:a", "unix-abstract:a"),
    ],
)
def test_an_address_is_announced_as_it_can_be_called(address: str, told: str):
    assert announced(address, 6000) == told
