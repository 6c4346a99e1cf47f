"""HTTP over the wire: the one module that knows httpx, whose errors never leave it.

A wire asks one thing at a time, over one connection that it keeps; manners are told to it by its caller.

httpx's own transport has a pool that serves one connection through five layers, which costs more than all else that is
done to a page. So requests go over a transport of ours, the way that httpx provides for that, directly to h11, which
is what httpx speaks HTTP with as well. Where the environment names a proxy, httpx's own transport leads through it.
"""

import asyncio
import datetime as dt
import re
import select
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import h11
import httpx

from schemas.errors import FetchError, UsageError
from schemas.records import Exchange, Headers

Fields = tuple[tuple[bytes, bytes], ...]
"""Headers."""

MAX_BODY_BYTES = 8 * 1024 * 1024
"""As it comes, packed. A listing page has some 20 kB."""

_MAX_HEAD_BYTES = 64 * 1024
_DEADLINE = 4  # times the timeout: a whole request, however steadily its body trickles
_KEEPALIVE_SECONDS = 60  # below nginx's default of 75, after which it hangs up by itself
_PLAIN_URL = re.compile(r"(https?://[^/?#@]+)(?!.*/\.)(/[A-Za-z0-9/?&=%.,:;~_+-]*)")  # it would be sent as it is


class WireError(Exception):
    """A request failed in a way that may pass; the message is the reason, in a few words."""


class Wire:
    """One connection to a site, made when it is first needed, and again when it is gone.

    Args:
        url: Any address of the site; the environment may name a proxy for it.
        timeout_seconds: To connect, or without a further byte; a whole request may take four times as long.

    Attributes:
        has_answered: Whether the site ever did.

    Raises:
        UsageError: The proxy cannot be used.
    """

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self.has_answered = False
        self._timeout_seconds = timeout_seconds
        self._extensions: dict[str, Any] = {"timeout": httpx.Timeout(timeout_seconds).as_dict()}
        self._transport = _transport(url)

    async def get(self, url: str, headers: Fields) -> Exchange:
        """Ask for an address once.

        Raises:
            WireError: No whole answer came.
            FetchError: None can come: the address is none, or its body has more than `MAX_BODY_BYTES`.
        """
        try:
            request = self._request(url, headers)
        except (httpx.InvalidURL, ValueError) as error:
            raise FetchError("no address that can be asked for") from error
        try:
            async with asyncio.timeout(_DEADLINE * self._timeout_seconds):
                return await self._exchange(url, request)
        except (httpx.HTTPError, OSError) as error:
            raise WireError(_reason(error, self._timeout_seconds)) from error

    async def aclose(self) -> None:
        """Hang up."""
        await self._transport.aclose()

    def _request(self, url: str, headers: Fields) -> httpx.Request:
        """The request; of a plain address only the host is parsed, and once, since httpx takes 0.15 ms for the whole.

        A proxy is told the whole address, and httpx's own transport takes `target` for that.
        """
        plain = _PLAIN_URL.fullmatch(url) if isinstance(self._transport, _DirectTransport) else None
        if plain is None:
            return httpx.Request("GET", url, headers=list(headers), extensions=self._extensions)
        extensions = self._extensions | {"target": plain[2].encode()}
        return httpx.Request("GET", _parsed_url(plain[1]), headers=list(headers), extensions=extensions)

    async def _exchange(self, url: str, request: httpx.Request) -> Exchange:
        response = await self._transport.handle_async_request(request)
        self.has_answered = True
        try:
            headers = _plain(response.headers.raw)
            body = await _read_body(_stream(response), headers)
        finally:
            await _stream(response).aclose()
        return Exchange(
            url=url,
            request_headers=_plain(request.headers.raw),
            status=response.status_code,
            reason=response.extensions["reason_phrase"].decode("latin-1"),
            headers=tuple([field for field in headers if field[0].lower() != "transfer-encoding"]),
            body=body,
            received_at=dt.datetime.now(dt.UTC),
        )


@cache
def _parsed_url(url: str) -> httpx.URL:
    return httpx.URL(url)


async def _read_body(stream: httpx.AsyncByteStream, headers: Headers) -> bytes:
    if any(int(value) > MAX_BODY_BYTES for name, value in headers if name.lower() == "content-length"):
        raise _too_large()
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in stream:
            pieces.append(piece)
            size += len(piece)
            if size > MAX_BODY_BYTES:
                raise _too_large()
    except (httpx.ReadError, httpx.RemoteProtocolError) as error:
        raise WireError("the body ended early") from error
    return b"".join(pieces)


def _stream(response: httpx.Response) -> httpx.AsyncByteStream:
    if not isinstance(response.stream, httpx.AsyncByteStream):
        raise TypeError("an asynchronous transport gives an asynchronous stream")
    return response.stream


def _too_large() -> FetchError:
    return FetchError(f"the body has more than {MAX_BODY_BYTES // 1024**2} MiB")


def _plain(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])


# The way to the site


def _transport(url: str) -> httpx.AsyncBaseTransport:
    parts = urlsplit(url)
    proxy = _proxy(parts.scheme, parts.hostname or "")
    if proxy is None:
        return _DirectTransport()
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEEPALIVE_SECONDS)
    try:
        return httpx.AsyncHTTPTransport(verify=_tls(), limits=limits, proxy=proxy)
    except (ImportError, ValueError) as error:
        raise UsageError(f"the proxy that the environment names cannot be used: {proxy}") from error


def _proxy(scheme: str, host: str) -> str | None:
    """The proxy that the environment names, as other programs would use it."""
    if proxy_bypass(host):
        return None
    named = getproxies()
    proxy = named.get(scheme) or named.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


@cache
def _tls() -> ssl.SSLContext:
    """One for all: reading the certificates takes 80 ms."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class _DirectTransport(httpx.AsyncBaseTransport):
    """One connection, for one request at a time."""

    def __init__(self) -> None:
        self._connection: _Connection | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As httpx asks of a transport; the body's stream must be read or closed before the next request."""
        seconds = request.extensions["timeout"]["read"]
        connection = await self._connected(request.url, seconds)
        try:
            connection.send(request)
            head = await connection.receive(seconds)
            while isinstance(head, h11.InformationalResponse):
                head = await connection.receive(seconds)
        except BaseException:
            connection.abort()
            raise
        if not isinstance(head, h11.Response):
            raise httpx.RemoteProtocolError(f"{type(head).__name__} came instead of a response")
        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=_Body(connection, seconds),
            extensions={"reason_phrase": head.reason},
        )

    async def aclose(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.abort()

    async def _connected(self, url: httpx.URL, seconds: float) -> "_Connection":
        """The present connection if it can be used again for the address, else another."""
        if self._connection is None or not self._connection.can_serve(_origin(url)):
            await self.aclose()
            self._connection = await _connect(_origin(url), seconds)
        return self._connection


_Origin = tuple[str, str, int | None]


def _origin(url: httpx.URL) -> _Origin:
    return url.scheme, url.host, url.port


async def _connect(origin: _Origin, seconds: float) -> "_Connection":
    """A connection to the first address of a host that answers; each has its share of the seconds.

    asyncio can try them side by side, and loses the socket when it is cancelled at that.
    """
    scheme, host, port = origin
    loop = asyncio.get_running_loop()
    is_secure = scheme == "https"
    try:
        found = await loop.getaddrinfo(host, port or (443 if is_secure else 80), type=socket.SOCK_STREAM)
        places = list(dict.fromkeys(info[4][:2] for info in found))
        for place in places:
            try:
                async with asyncio.timeout(seconds / len(places)):
                    _, connection = await loop.create_connection(
                        lambda: _Connection(origin),
                        *place,
                        ssl=_tls() if is_secure else None,
                        server_hostname=host if is_secure else None,
                    )
            except OSError:  # also out of time
                if place == places[-1]:
                    raise
            else:
                return connection
    except TimeoutError as error:
        raise httpx.ConnectTimeout(str(error)) from error
    except OSError as error:
        raise httpx.ConnectError(str(error)) from error
    raise httpx.ConnectError("the host has no address")


class _Connection(asyncio.Protocol):
    """A connection to one origin, and the state of HTTP on it."""

    def __init__(self, origin: _Origin) -> None:
        self._origin = origin
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self._loop = asyncio.get_running_loop()
        self._arrival: asyncio.Future[None] | None = None
        self._is_lost = False
        self._idle_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio says."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a connection that was made has a transport")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """As asyncio says."""
        self._http.receive_data(data)
        self._wake()

    def eof_received(self) -> None:
        """As asyncio says: the end that the other side meant, which a body without length has."""
        has_begun = self._http.their_state is h11.SEND_BODY or self._http.trailing_data[0]
        if has_begun:
            self._http.receive_data(b"")
        else:
            self._is_lost = True
        self._wake()

    def connection_lost(self, _error: Exception | None) -> None:
        """As asyncio says."""
        self._is_lost = True
        self._wake()

    def can_serve(self, origin: _Origin) -> bool:
        """Whether another request can be sent: nothing came unasked, not even the end, and it did not rest too long."""
        return (
            origin == self._origin
            and self._http.states == {h11.CLIENT: h11.IDLE, h11.SERVER: h11.IDLE}
            and not self._http.trailing_data[0]
            and not self._is_lost
            and self._loop.time() - self._idle_since < _KEEPALIVE_SECONDS
            and not self._has_news()
        )

    def send(self, request: httpx.Request) -> None:
        """Send a request that has no body."""
        try:
            target = request.extensions.get("target", request.url.raw_path)
            head = h11.Request(method=request.method, target=target, headers=request.headers.raw)
            data = self._http.send(head)
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error)) from error
        self._http.send(h11.EndOfMessage())
        if data is not None and not self._is_lost:
            self._transport.write(data)

    async def receive(self, seconds: float) -> "h11.Event":
        """The next part of the answer, if something comes within some seconds."""
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise httpx.RemoteProtocolError(str(error)) from error
            if isinstance(event, h11.Event):
                return event
            if self._is_lost:
                raise httpx.ReadError("the connection was broken off")
            await self._wait(seconds)

    def settle(self) -> None:
        """Make ready for another request, if this one's answer was read to its end; else hang up."""
        if self._http.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
            self._http.start_next_cycle()
            self._idle_since = self._loop.time()
        else:
            self.abort()

    def abort(self) -> None:
        """Hang up."""
        self._is_lost = True
        self._transport.abort()

    def _has_news(self) -> bool:
        """Whether something came, such as the end, of which the event loop has not told yet."""
        descriptor = self._transport.get_extra_info("socket").fileno()
        return bool(select.select([descriptor], [], [], 0)[0])

    async def _wait(self, seconds: float) -> None:
        self._arrival = self._loop.create_future()
        try:
            async with asyncio.timeout(seconds):
                await self._arrival
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error)) from error
        finally:
            self._arrival = None

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)


class _Body(httpx.AsyncByteStream):
    """The body of an answer, as it comes, without chunks."""

    def __init__(self, connection: _Connection, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while isinstance(event := await self._connection.receive(self._seconds), h11.Data):
            yield bytes(event.data)

    async def aclose(self) -> None:
        """Done with it, whether it was read or not."""
        self._connection.settle()


# What went wrong, in words


def _reason(error: Exception, timeout_seconds: float) -> str:
    """What went wrong on the wire, in a few words."""
    match error:
        case httpx.ConnectTimeout():
            return f"no connection within {timeout_seconds:g} s"
        case httpx.TimeoutException():
            return f"no answer within {timeout_seconds:g} s"
        case TimeoutError():
            return f"not whole within {_DEADLINE * timeout_seconds:g} s"
        case httpx.ConnectError():
            return next(filter(None, map(_reason_to_not_connect, _causes(error))), "no connection")
        case httpx.ProxyError():
            return f"the proxy refused: {error}"
        case httpx.LocalProtocolError():
            return f"the request is no valid HTTP: {error}"
        case httpx.RemoteProtocolError():
            return "the answer is no valid HTTP"
    return "the connection was broken off before an answer"


def _reason_to_not_connect(error: BaseException) -> str | None:
    match error:
        case socket.gaierror():
            return "its name is not known"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not valid: {error.verify_message}"
        case ssl.SSLError():
            return "no secure connection"
        case ConnectionRefusedError():
            return "connection refused"
        case OSError(strerror=str(text)):
            return text.lower()
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and all that led to it."""
    yield error
    behind = error.__cause__ or error.__context__
    several = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for cause in (*several, *([behind] if behind else [])):
        yield from _causes(cause)
