"""What the one way out refuses, seen by a real listener that must stay alone."""

import gzip
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from feedback import egress
from feedback.egress import EgressError, fetch, is_public

OK = b"HTTP/1.1 200 OK\r\nX-Note: a\r\nContent-Length: 5\r\n\r\nhello"


class Listener:
    """A server on loopback that counts connections, keeps the last request and answers with fixed bytes."""

    def __init__(self) -> None:
        self.answer: bytes | Callable[[socket.socket], None] = OK
        self.connections = 0
        self.request = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                self._reply(connection)

    def _reply(self, connection: socket.socket) -> None:
        connection.settimeout(2)
        try:
            self.request = whole_request(connection)
            if callable(self.answer):
                self.answer(connection)
            else:
                connection.sendall(self.answer)
        except OSError:
            return  # the client left, as it should when a cap is reached

    def close(self) -> None:
        self._socket.close()


def whole_request(connection: socket.socket) -> bytes:
    request = connection.recv(65536)
    head, _, body = request.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")), 0)
    while len(body) < length and (more := connection.recv(65536)):
        body += more
    return head + b"\r\n\r\n" + body


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()


def refusal(*args: Any, **options: Any) -> EgressError:
    with pytest.raises(EgressError) as caught:
        fetch(*args, **{"timeout": 5.0, **options})
    return caught.value


INSIDE = [
    "127.0.0.1", "127.1", "127.8.9.1", "0.0.0.0", "0", "2130706433", "0x7f000001", "0x7f.1", "017700000001",
    "localhost", "localhost.", "LOCALHOST", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "192.0.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "203.0.113.7",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[2002:7f00:1::]",
    "[2002:808:808::1]", "[2001:0:1::1]", "[fe80::1]", "[fc00::1]", "[fd12:3456::1]", "[fec0::1]", "[ff02::1]",
    "[2001:db8::1]", "127。0。0。1", "１２７.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
def test_it_opens_no_connection_to_an_inside_address(host: str, listener: Listener) -> None:
    assert refusal("GET", f"http://{host}/").code in {"address", "url", "host"}
    assert refusal("GET", f"http://{host}:{listener.port}/").code in {"port", "url"}
    with pytest.raises(EgressError):  # the guard itself, where sockets are opened, whatever the port
        egress._Guard(egress._Deadline(5), is_inside_open=False).connect_tcp(host.strip("[]"), listener.port)
    assert listener.connections == 0


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com:22/", "port"),
        ("https://example.com:8443/", "port"),
        ("http://example.com:0/", "port"),
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://127.0.0.1:6379/_FLUSHALL", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("//example.com/", "scheme"),
        ("example.com", "scheme"),
        ("", "scheme"),
        ("http://", "url"),
        ("http:///path", "url"),
        ("http://user:secret@example.com/", "url"),
        ("http://example.com\\@127.0.0.1/", "url"),
        ("http://example.com /", "url"),
        ("http://exam\tple.com/", "url"),
        ("http://example.com/\r\nX-Injected: 1", "url"),
        ("http://[::1", "url"),
        ("http://example.com:99999/", "port"),
        ("http://no-such-host.invalid/", "host"),
    ],
)
def test_it_refuses_addresses_that_are_not_plain(url: str, code: str) -> None:
    assert refusal("GET", url).code == code


def names(table: dict[str, list[list[str]]], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make the resolver answer from a table, one list of addresses for each time it is asked."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *args: Any, **options: Any) -> Any:
        if host not in table:
            return real(host, port, *args, **options)
        asked.append(host)
        addresses = table[host][min(asked.count(host), len(table[host])) - 1]
        return [row for address in addresses for row in real(address, port, *args, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


def test_a_name_that_changes_its_mind_is_asked_only_once(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = names({"flip.example": [["127.0.0.1"], ["10.0.0.1"]]}, monkeypatch)
    assert fetch("GET", f"http://flip.example:{listener.port}/", allow_private=True, timeout=5).status == 200
    assert asked == ["flip.example"]
    assert f"Host: flip.example:{listener.port}".encode() in listener.request


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1", "8.8.8.8"]])
def test_a_name_with_one_inside_address_is_refused(
    addresses: list[str], listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    names({"mixed.example": [addresses]}, monkeypatch)
    assert refusal("GET", "http://mixed.example/").code == "address"
    assert listener.connections == 0


def test_a_slow_resolver_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*args: Any, **options: Any) -> list[Any]:
        time.sleep(6)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    started = time.monotonic()
    assert refusal("GET", "http://slow.example/", timeout=0.1).code == "timeout"
    assert time.monotonic() - started < 5  # it did not wait for the resolver


def test_with_leave_it_sends_and_receives(listener: Listener) -> None:
    answer = fetch(
        "POST", f"{listener.url}/hook?a=b#c", headers={"X-Sign": "v1"}, body=b'{"a":1}', timeout=5, allow_private=True
    )
    assert answer == (200, {"x-note": "a", "content-length": "5"}, b"hello")
    head, _, body = listener.request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hook?a=b HTTP/1.1\r\n")
    assert b"X-Sign: v1" in head
    assert b"Content-Length: 7" in head
    assert body == b'{"a":1}'


def test_leave_can_be_given_to_one_host_and_port(listener: Listener) -> None:
    assert fetch("GET", listener.url, allow=[f"127.0.0.1:{listener.port}"], timeout=5).status == 200
    assert refusal("GET", listener.url, allow=["127.0.0.1:1"]).code == "port"
    assert refusal("GET", f"http://localhost:{listener.port}", allow=[f"127.0.0.1:{listener.port}"]).code == "port"


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "0.0.0.0", "[::ffff:169.254.169.254]", "224.0.0.1"])
def test_leave_never_opens_the_addresses_where_clouds_keep_secrets(host: str) -> None:
    assert refusal("GET", f"http://{host}/", allow_private=True).code == "address"


def test_a_redirect_is_an_answer_and_not_followed(listener: Listener) -> None:
    listener.answer = f"HTTP/1.1 302 Found\r\nLocation: {listener.url}/again\r\nContent-Length: 0\r\n\r\n".encode()
    answer = fetch("GET", listener.url, allow_private=True, timeout=5)
    assert (answer.status, answer.headers["location"]) == (302, f"{listener.url}/again")
    assert listener.connections == 1


def test_proxies_of_the_environment_are_not_used(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, listener.url)
    assert refusal("GET", "http://no-such-host.invalid/").code == "host"
    assert listener.connections == 0


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(100):
        connection.sendall(f"X-{number}: secret\r\n".encode())
        time.sleep(0.05)


def silence(connection: socket.socket) -> None:
    time.sleep(1.5)


@pytest.mark.parametrize("answer", [drip, silence])
def test_a_slow_answer_ends_at_the_deadline(answer: Callable[[socket.socket], None], listener: Listener) -> None:
    listener.answer = answer
    assert refusal("GET", listener.url, allow_private=True, timeout=0.4).code == "timeout"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"secret" * 500, "too-large"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"secret" * 500, "too-large"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"secret" * 99, mtime=0), "encoding"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nsecret", "connection"),
        (b"secret secret secret\r\n\r\n", "connection"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"secret" * 50_000, "connection"),
        (b"", "connection"),
    ],
)
def test_a_bad_answer_is_an_error_that_does_not_repeat_it(answer: bytes, code: str, listener: Listener) -> None:
    listener.answer = answer
    error = refusal("GET", listener.url, allow_private=True, max_bytes=1000)
    assert error.code == code
    assert "secret" not in str(error) + repr(error)
    assert error.__cause__ is None


def test_an_answer_of_exactly_the_cap_is_read(listener: Listener) -> None:
    assert fetch("GET", listener.url, allow_private=True, timeout=5, max_bytes=5).body == b"hello"


def test_a_closed_port_and_a_plain_server_behind_https_are_connection_errors(listener: Listener) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert refusal("GET", f"http://127.0.0.1:{port}", allow_private=True).code == "connection"
    assert refusal("GET", f"https://127.0.0.1:{listener.port}", allow_private=True).code == "connection"


@pytest.mark.parametrize(
    "headers", [{"Host": "inside"}, {"transfer-encoding": "chunked"}, {"X": "a\r\nY: b"}, {"X\n": "a"}, {"X": "€"}]
)
def test_headers_cannot_change_the_request(headers: dict[str, str], listener: Listener) -> None:
    assert refusal("GET", listener.url, headers=headers, allow_private=True).code in {"headers", "connection"}
    assert b"inside" not in listener.request
    assert b"Y: b" not in listener.request


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "get", "GET / HTTP/1.1\r\nX: y"])
def test_only_ordinary_methods_are_sent(method: str) -> None:
    assert refusal(method, "http://example.com/").code == "method"


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_the_open_internet_is_open(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_a_body_is_sent_as_it_is_read(listener: Listener) -> None:
    parts = [b"one ", b"two ", b"three"]
    fetch("POST", listener.url, body=egress.Streamed(13, iter(parts)), allow_private=True)
    assert b"Content-Length: 13\r\n" in listener.request
    assert listener.request.endswith(b"one two three")
