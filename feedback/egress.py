"""The one way out: every HTTP request that this product sends goes through `fetch`.

Addresses come from people, so a request may be aimed at our own network. The guard stands where sockets are opened: a
name is resolved once, every address it has must be public, and the connection goes to one of those and nowhere else.
Redirects are answers, proxies are not read from the environment, time and size are capped, and nothing that came back
enters an error.
"""

import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import httpcore2  # the connection layer of httpx2: its network backend is the public place for a guard
import httpx2

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
PORTS = frozenset({80, 443})
OUR_HEADERS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "te", "upgrade"}
)

# Beyond what every Python's `is_global` refuses: tunnels that carry another address, local and retired ranges.
_REFUSED = [
    ipaddress.ip_network(net)
    for net in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/3",
        "::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
        "3fff::/20", "5f00::/16", "fec0::/10", "ff00::/8",
    )
]  # fmt: skip
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_INSIDE = [
    ipaddress.ip_network(net)
    for net in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7")
]
_HIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\\]")


class EgressResponse(NamedTuple):
    """An answer, whatever its status. Header names are in lower case; of repeated headers the last counts."""

    status: int
    headers: dict[str, str]
    body: bytes


class Streamed(NamedTuple):
    """A body that is never whole in memory: its length, and its parts as they come."""

    length: int
    parts: Iterator[bytes]


class EgressError(Exception):
    """A request that was refused or failed: a stable code, and a sentence with nothing from the answer in it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return self.message


def fetch(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | Streamed = b"",
    timeout: float = 15.0,
    max_bytes: int = 1024 * 1024,
    is_body_wanted: bool = True,
    allow_private: bool = False,
    allow: Collection[str] = (),
) -> EgressResponse:
    """Send one request and read at most `max_bytes` of its answer within `timeout` seconds in all. Where no body is
    wanted the answer is its status and headers, and whatever follows them is left unread.

    `allow_private` opens private and loopback addresses and every port; `allow` does so for the "host:port" named.
    Link-local addresses, where clouds keep their secrets, stay closed in any case.
    """
    target = _target(method, url)
    port = {"http": 80, "https": 443}[target.scheme] if target.port is None else target.port
    is_inside = allow_private or f"{target.host}:{port}" in allow
    if port not in PORTS and not is_inside:
        raise EgressError("port", f"Port {port} is not open to requests; use 80 or 443.")
    deadline = _Deadline(timeout)
    pool = httpcore2.ConnectionPool(ssl_context=_trust(), network_backend=_Guard(deadline, is_inside))
    place = httpcore2.URL(scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path)
    sent = _headers(headers or {}, target, body)
    try:
        content = body.parts if isinstance(body, Streamed) else body or None
        with pool, pool.stream(method, place, headers=sent, content=content) as response:
            return _read(response, max_bytes) if is_body_wanted else _head(response)
    except httpcore2.TimeoutException:
        raise EgressError("timeout", f"No complete answer within {timeout:g} seconds.") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError, ssl.SSLError) as error:
        raise EgressError("connection", f"The connection failed ({type(error).__name__}).") from None


def refuse(url: str, *, allow: Collection[str] = ()) -> None:
    """Raise EgressError for an address that `fetch` would never open, as far as it can be told without asking anybody:
    where a name leads is found out when a request is sent, each time anew.
    """
    target = _target("POST", url)
    port = {"http": 80, "https": 443}[target.scheme] if target.port is None else target.port
    if f"{target.host}:{port}" in allow:
        return
    if port not in PORTS:
        raise EgressError("port", f"Port {port} is not open to requests; use 80 or 443.")
    address = _literal(target.host)
    if address is not None and not is_public(address):
        raise EgressError("address", "The host has an address that is not on the open internet.")


def _literal(host: str) -> Address | None:
    """The address that a host is, in every spelling that resolvers take for one; None for a name."""
    plain = host.rstrip(".").lower()
    if plain == "localhost" or plain.endswith(".localhost"):
        return ipaddress.IPv4Address("127.0.0.1")
    try:
        return ipaddress.ip_address(plain)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(plain))  # 127.1, 0x7f000001, 2130706433
    except (OSError, UnicodeError):
        return None


def is_public(address: Address) -> bool:
    """True for addresses of the open internet. IPv4-mapped and NAT64 count as what they carry."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not any(address in net for net in _REFUSED)


def _is_inside(address: Address) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any((mapped or address) in net for net in _INSIDE)


def _target(method: str, url: str) -> httpx2.URL:
    if method not in METHODS:
        raise EgressError("method", "Unknown method.")
    if _HIDDEN.search(url):
        raise EgressError("url", "The address contains a space, a backslash or a control character.")
    try:
        target = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError, UnicodeError):
        raise EgressError("url", "Not a valid address.") from None
    if target.scheme not in ("http", "https"):
        raise EgressError("scheme", "Only http and https addresses are used.")
    if target.userinfo or not target.host:
        raise EgressError("url", "The address must name a host, without a user or password before it.")
    return target


def _headers(given: Mapping[str, str], target: httpx2.URL, body: bytes | Streamed) -> list[tuple[bytes, bytes]]:
    taken = sorted(OUR_HEADERS & {name.lower() for name in given})
    if taken:
        raise EgressError("headers", f"{taken[0]} is set by us.")
    try:
        chosen = [(name.encode("ascii"), value.encode("latin-1")) for name, value in given.items()]
    except UnicodeEncodeError:
        raise EgressError("headers", "A header contains characters that HTTP cannot carry.") from None
    # identity: a compressed answer could grow beyond every cap in one read.
    ours = [(b"Host", target.netloc), (b"Accept-Encoding", b"identity"), (b"Connection", b"close")]
    length = body.length if isinstance(body, Streamed) else len(body)
    if length:
        ours.append((b"Content-Length", str(length).encode()))
    return [*ours, *chosen]


def _read(response: httpcore2.Response, max_bytes: int) -> EgressResponse:
    status, headers, _ = _head(response)
    if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise EgressError("encoding", "The answer is compressed although we asked for plain bytes.")
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > max_bytes:
            raise EgressError("too-large", f"The answer is larger than {max_bytes} bytes.")
    return EgressResponse(status, headers, bytes(body))


def _head(response: httpcore2.Response) -> EgressResponse:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    return EgressResponse(response.status, headers, b"")


@cache
def _trust() -> ssl.SSLContext:
    return httpcore2.default_ssl_context()


class _Deadline:
    """One clock for resolving, connecting, the handshake and every read: a slow drip cannot reset it."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    def left(self) -> float:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left


class _Guard(httpcore2.NetworkBackend):
    """Opens connections, and only to addresses that may be reached."""

    def __init__(self, deadline: _Deadline, is_inside_open: bool) -> None:
        self._deadline = deadline
        self._is_inside_open = is_inside_open

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        addresses = _resolve(host, port, self._deadline)
        for address in addresses:  # all of them: a name with one inside address is not trusted with the others
            if not is_public(address) and not (self._is_inside_open and _is_inside(address)):
                raise EgressError("address", "The host has an address that is not on the open internet.")
        failure: Exception = httpcore2.ConnectError("no address")
        for address in addresses:
            try:
                stream = httpcore2.SyncBackend().connect_tcp(str(address), port, timeout=self._deadline.left())
                return _Stream(stream, self._deadline)
            except httpcore2.ConnectError as error:
                failure = error
        raise failure


class _Stream(httpcore2.NetworkStream):
    """A connection whose every step ends at the deadline."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._deadline.left()), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _resolve(host: str, port: int, deadline: _Deadline) -> list[Address]:
    """Every address of a host, asked for once. In a thread of its own, because a resolver knows no time limit."""
    found: list[Address] = []

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        found.extend(dict.fromkeys(ipaddress.ip_address(row[4][0]) for row in rows))

    thread = threading.Thread(target=ask, daemon=True, name="egress-resolver")
    thread.start()
    thread.join(deadline.left())
    if thread.is_alive():
        raise httpcore2.ConnectTimeout
    if not found:
        raise EgressError("host", "The host name is not known.")
    return found
