"""HTTP over the wire: the one module that knows httpx, whose errors never leave it.

A wire asks for one thing at a time, over one connection that it keeps. Nothing is read from an idle connection, and one
on which something came unasked is closed and opened anew.
"""

import asyncio
import datetime as dt
import socket
import ssl
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from schemas.errors import FetchError, TransientFetchError, UsageError
from schemas.records import Exchange, Headers

Fields = tuple[tuple[bytes, bytes], ...]
"""Headers."""

MAX_BODY_BYTES = 8 * 1024 * 1024
"""As it comes, packed. A listing page has some 20 kB."""

_MAX_HEAD_BYTES = 100 * 1024  # httpcore's bound
_DEADLINE = 4  # times the timeout: a whole request, however steadily its body trickles
_KEEPALIVE_SECONDS = 60  # below nginx's default of 75, after which it hangs up by itself
_PORTS = {"http": 80, "https": 443}
_HEAD_TOO_LARGE = 431  # the status that h11 names for a head beyond its bound


class TooLargeError(FetchError):
    """The body of a response has more bytes than were asked for; it is not read to its end."""


class Wire:
    """One connection to a site, made when it is first needed, and again when it is gone.

    Args:
        url: Any URL of the site; the environment may name a proxy for it.
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

    async def get(self, url: str, headers: Fields, max_bytes: int = MAX_BODY_BYTES) -> Exchange:
        """Ask for a URL once.

        Args:
            url: Of the site.
            headers: Of the request.
            max_bytes: Of the body, as it is sent.

        Raises:
            TransientFetchError: No whole answer came.
            FetchError: None can come: the URL is none, or the head or the body of the response is too large.
        """
        try:
            request = httpx.Request("GET", url, headers=list(headers), extensions=self._extensions)
        except (httpx.InvalidURL, ValueError) as error:
            raise FetchError("no address that can be asked for", url=url) from error
        try:
            async with asyncio.timeout(_DEADLINE * self._timeout_seconds):
                return await self._exchange(url, request, max_bytes)
        except (httpx.HTTPError, OSError) as error:
            if _is_head_too_large(error):
                raise FetchError(
                    f"the head of the response has more than {_MAX_HEAD_BYTES // 1024} KiB", url=url
                ) from error
            raise TransientFetchError(_reason(error, self._timeout_seconds), url=url) from error

    async def aclose(self) -> None:
        """Hang up."""
        await self._transport.aclose()

    async def _exchange(self, url: str, request: httpx.Request, max_bytes: int) -> Exchange:
        response = await self._transport.handle_async_request(request)
        self.has_answered = True
        try:
            headers = _plain(response.headers.raw)
            body = await _read_body(_stream(response), headers, url, response.status_code, max_bytes)
        finally:
            await _stream(response).aclose()
            if _has_leftovers(self._transport):
                await self._transport.aclose()
        return Exchange(
            url=url,
            request_headers=_plain(request.headers.raw),
            status=response.status_code,
            reason=response.extensions["reason_phrase"].decode("latin-1"),
            headers=tuple([field for field in headers if field[0].lower() != "transfer-encoding"]),
            body=body,
            received_at=dt.datetime.now(dt.UTC),
        )


async def _read_body(stream: httpx.AsyncByteStream, headers: Headers, url: str, status: int, max_bytes: int) -> bytes:
    too_large = TooLargeError(f"the body has more than {max_bytes // 1024**2} MiB", url=url, status=status)
    if any(int(value) > max_bytes for name, value in headers if name.lower() == "content-length"):
        raise too_large
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in stream:
            pieces.append(piece)
            size += len(piece)
            if size > max_bytes:
                raise too_large
    except (httpx.ReadError, httpx.RemoteProtocolError) as error:
        raise TransientFetchError("the body ended early", url=url, status=status) from error
    return b"".join(pieces)


def _stream(response: httpx.Response) -> httpx.AsyncByteStream:
    if not isinstance(response.stream, httpx.AsyncByteStream):
        raise TypeError("an asynchronous transport gives an asynchronous stream")
    return response.stream


def _plain(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])


# The way to the site


def _transport(url: str) -> httpx.AsyncHTTPTransport:
    proxy = _proxy(url)
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEEPALIVE_SECONDS)
    try:
        return httpx.AsyncHTTPTransport(verify=_tls(), limits=limits, proxy=proxy)
    except (ImportError, ValueError, httpx.InvalidURL):
        # Neither the password nor an error that quotes it may be shown.
        shown = (proxy or "").rpartition("@")[2]
        raise UsageError(f"the proxy that the environment names cannot be used: {shown}") from None


def _proxy(url: str) -> str | None:
    """The proxy that the environment names, as other programs would use it; NO_PROXY may name hosts with a port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _PORTS.get(parts.scheme)
    if proxy_bypass(host) or proxy_bypass(f"[{host}]:{port}" if ":" in host else f"{host}:{port}"):
        return None
    named = getproxies()
    proxy = named.get(parts.scheme) or named.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


@cache
def _tls() -> ssl.SSLContext:
    """One for all: reading the certificates takes 80 ms."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _has_leftovers(transport: httpx.AsyncHTTPTransport) -> bool:
    """Whether more was read than the response, which httpcore would take for the response to the next request.

    httpcore does not tell, so this looks at what is behind it; where that looks different, the answer is yes.
    """
    for connection in transport._pool.connections:
        try:
            innermost: Any = connection
            while not hasattr(innermost, "_h11_state"):
                innermost = innermost._connection
            if innermost._h11_state.trailing_data[0] or _has_undecrypted(innermost._network_stream):
                return True
        except AttributeError:
            return True
    return False


def _has_undecrypted(stream: Any) -> bool:  # noqa: ANN401 (what httpcore hides has no type)
    tls = stream.get_extra_info("ssl_object")
    return tls is not None and bool(tls.pending() or stream._stream._read_bio.pending)


# What went wrong, in words


def _is_head_too_large(error: BaseException) -> bool:
    return any(getattr(cause, "error_status_hint", None) == _HEAD_TOO_LARGE for cause in _causes(error))


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
        case httpx.RemoteProtocolError() if "disconnected" not in str(error):
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
