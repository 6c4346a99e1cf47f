"""What can go wrong between the archive and a reader, on demand.

A fault is a function of an exchange. It gives the answer to send, or an act on the wire, or null: then it has only
changed the archive, and the request is answered as usual. Its keyword arguments are the parameters that a test can
set; every fault also takes `match` (a regular expression for the plain target), `after` (how many matching requests
pass before it strikes) and `times` (how often it strikes; for ever if null).
"""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

from tests.replica.messages import HTML, Request, Response, compressed_repetition, http_date, page
from tests.replica.pages import BROKEN, Renderer
from tests.replica.results import Archive, Listing, Query

DOCUMENTS = r"^/document/"
LISTINGS = r"^/search(\?|$)"
ROBOTS = r"^/robots\.txt$"

_MEGABYTE = 1_000_000


class FaultError(ValueError):
    """No such fault, or no such parameter."""


class Wire(Protocol):
    """What a fault can do to a connection."""

    def write_head(self, response: Response, length: int | None) -> None:
        """Send status and headers, and promise so many bytes; null promises nothing, and chunks follow."""

    def write_body(self, data: bytes) -> None:
        """Send a piece of the body."""

    async def drain(self) -> None:
        """Wait until the client has taken most of what was sent."""

    def reset(self) -> None:
        """Break the connection off, as a crashed peer does."""

    def finish(self) -> None:
        """Close the connection in good order."""


Act = Callable[[Wire], Awaitable[None]]
Outcome = Response | Act | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that a fault strikes, and what the fault may use."""

    request: Request
    archive: Archive
    renderer: Renderer
    query: Query
    answer_as_usual: Callable[[], Response]

    def page_of(self, listing: Listing) -> Response:
        """A listing page made for this exchange alone."""
        return page(self.renderer.listing(listing, self.archive.sidebar(listing.query)).whole)

    @property
    def page(self) -> Response:
        """The listing or the document's page that the request asks for."""
        is_listing = re.search(LISTINGS, self.request.target) is not None
        return self.page_of(self.listing) if is_listing else self.answer_as_usual()

    @property
    def listing(self) -> Listing:
        """The listing that the request asks for."""
        return self.archive.listing(self.query)


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault by name, and which requests it strikes unless told otherwise."""

    name: str
    strike: Callable[..., Outcome]
    match: str

    @property
    def parameters(self) -> set[str]:
        """Names of what can be set."""
        return set(list(inspect.signature(self.strike).parameters)[1:])


KINDS: dict[str, Kind] = {}


def fault(match: str = LISTINGS) -> Callable[[Callable[..., Outcome]], Callable[..., Outcome]]:
    """Give a function its name as a fault: `http_429` becomes `http-429`."""

    def register(strike: Callable[..., Outcome]) -> Callable[..., Outcome]:
        name = strike.__name__.replace("_", "-")
        KINDS[name] = Kind(name, strike, match)
        return strike

    return register


@dataclass
class SwitchedOn:
    """A fault with its parameters, and how often it has been met."""

    kind: Kind
    parameters: dict[str, Any]
    match: str
    after: int = 0
    times: int | None = None
    matched: int = field(default=0, init=False)
    struck: int = field(default=0, init=False)

    def strikes(self, request: Request) -> bool:
        """Whether this request is one to strike; counts it."""
        if re.search(self.match, request.plain_target) is None:
            return False
        self.matched += 1
        if self.matched <= self.after or (self.times is not None and self.struck >= self.times):
            return False
        self.struck += 1
        return True

    def to_json(self) -> dict[str, Any]:
        """What is set, and how often it struck."""
        return {
            "fault": self.kind.name,
            **self.parameters,
            "match": self.match,
            "after": self.after,
            "times": self.times,
            "struck": self.struck,
        }


def switched_on(settings: dict[str, Any]) -> SwitchedOn:
    """Read `{"fault": "http-429", "retry_after": 2, "times": 3, "match": "page=4"}`.

    Raises:
        FaultError: The name, a parameter, or the pattern is wrong.
    """
    parameters = dict(settings)
    name = parameters.pop("fault", None)
    if name not in KINDS:
        raise FaultError(f"no fault {name!r}; there are {', '.join(sorted(KINDS))}")
    kind = KINDS[name]
    general = {key: parameters.pop(key) for key in ("after", "times") if key in parameters}
    match = parameters.pop("match", kind.match)
    unknown = sorted(set(parameters) - kind.parameters)
    if unknown:
        raise FaultError(f"{name} has no {unknown[0]!r}; it has {sorted(kind.parameters)}")
    try:
        re.compile(match)
    except (re.error, TypeError) as error:
        raise FaultError(f"match is no pattern: {error}") from error
    return SwitchedOn(kind, parameters, match, **general)


@fault()
def reset(exchange: Exchange, *, part: float | None = None) -> Outcome:
    """The connection is reset: before any answer, or once a part (0 to 1) of the body was sent."""
    response = exchange.answer_as_usual() if part is not None else None

    async def act(wire: Wire) -> None:
        if response is not None:
            wire.write_head(response, len(response.body))
            wire.write_body(response.body[: int(len(response.body) * (part or 0))])
            await asyncio.sleep(0.05)  # a reset overtakes what is still under way
        wire.reset()

    return act


@fault()
def stall(exchange: Exchange, *, seconds: float = 3600, part: float | None = None) -> Outcome:
    """Nothing comes: before any answer, or once a part (0 to 1) of the body was sent; then it ends."""
    response = exchange.answer_as_usual() if part is not None else None

    async def act(wire: Wire) -> None:
        if response is not None:
            wire.write_head(response, len(response.body))
            wire.write_body(response.body[: int(len(response.body) * (part or 0))])
        await asyncio.sleep(seconds)
        wire.reset()

    return act


@fault()
def slow(exchange: Exchange, *, seconds: float = 1) -> Outcome:
    """The answer is right and comes late."""
    response = exchange.answer_as_usual()

    async def act(wire: Wire) -> None:
        await asyncio.sleep(seconds)
        wire.write_head(response, len(response.body))
        wire.write_body(response.body)

    return act


@fault()
def cut_body(exchange: Exchange, *, honest: bool = False, part: float = 0.5) -> Outcome:
    """A part (0 to 1) of the body comes; the length tells of the whole, or, if honest, of the part."""
    response = exchange.answer_as_usual()
    half = response.body[: int(len(response.body) * part)]
    if honest:
        return replace(response, body=half)

    async def act(wire: Wire) -> None:
        wire.write_head(response, len(response.body))
        wire.write_body(half)
        wire.finish()

    return act


@fault()
def http_429(exchange: Exchange, *, retry_after: int | None = None, retry_after_date: float | None = None) -> Outcome:
    """Too many requests: come again after so many seconds, or at a date so many seconds ahead, or unsaid."""
    return _refused(exchange, 429, "Too Many Requests", retry_after, retry_after_date)


@fault()
def http_500(exchange: Exchange) -> Outcome:
    """The site failed."""
    return _refused(exchange, 500, "The website encountered an unexpected error.")


@fault()
def http_502(exchange: Exchange) -> Outcome:
    """The proxy got nothing from the site."""
    return _refused(exchange, 502, "Bad Gateway")


@fault()
def http_503(exchange: Exchange, *, retry_after: int | None = None, retry_after_date: float | None = None) -> Outcome:
    """The site is busy: with or without word of when to come again."""
    return _refused(exchange, 503, "Service Unavailable", retry_after, retry_after_date)


@fault()
def challenge_200(_exchange: Exchange) -> Outcome:
    """A guard asks for proof of a human visitor, and says that all is well."""
    return page(
        """<!DOCTYPE html>
<html lang="en"><head><title>&nbsp;</title><meta http-equiv="refresh" content="5; URL='/?bm-verify=AAQAAAAJ'">
<script>function triggerInterstitialChallenge(){var xhr=new XMLHttpRequest();
xhr.open("POST","/_sec/verify?provider=interstitial",false);xhr.send("bm-verify=AAQAAAAJ");}</script>
</head><body onload="triggerInterstitialChallenge()"><noscript>Please enable JavaScript.</noscript></body></html>
"""
    )


@fault()
def challenge_403(_exchange: Exchange) -> Outcome:
    """A guard says that the visitor is blocked."""
    return page(
        """<!DOCTYPE html>
<html lang="en-US"><head><title>Attention Required! | Cloudflare</title></head>
<body><h1 data-translate="block_headline">Sorry, you have been blocked</h1>
<h2>You are unable to access wilsoncenter.org</h2><p>Cloudflare Ray ID: <strong>8f00ba5</strong></p>
<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script></body></html>
""",
        403,
    )


@fault()
def maintenance(_exchange: Exchange, *, status: int = 200) -> Outcome:
    """The site says that it is being worked on."""
    return page(
        """<!DOCTYPE html>
<html lang="en" dir="ltr"><head><meta charset="utf-8" /><title>Site under maintenance | Digital Archive</title></head>
<body class="maintenance-page"><h1>Site under maintenance</h1>
<p>The Digital Archive is currently under maintenance. We should be back shortly. Thank you for your patience.</p>
</body></html>
""",
        status,
    )


@fault()
def redirect_loop(exchange: Exchange, *, status: int = 302) -> Outcome:
    """The address leads to itself."""
    return page("<h1>Moved</h1>", status, Location=exchange.request.target)


@fault()
def redirect_off_host(exchange: Exchange, *, location: str | None = None, status: int = 302) -> Outcome:
    """The address leads to another host, which nobody has."""
    target = location or f"http://elsewhere.invalid{exchange.request.target}"
    return page("<h1>Moved</h1>", status, Location=target)


@fault()
def huge_body(_exchange: Exchange, *, megabytes: int = 200, declared: bool = True) -> Outcome:
    """A body without end in sight, of a length that is told, or not; never held, only sent."""
    block = (b"<!-- filler -->\n" * (_MEGABYTE // 16)).ljust(_MEGABYTE, b"\n")
    response = Response(200, b"", {"Content-Type": HTML})

    async def act(wire: Wire) -> None:
        wire.write_head(response, megabytes * _MEGABYTE if declared else None)
        for _ in range(megabytes):
            wire.write_body(block)
            await wire.drain()
        if not declared:
            wire.write_body(b"")

    return act


@fault()
def gzip_bomb(_exchange: Exchange, *, megabytes: int = 1000) -> Outcome:
    """A small body that unpacks into a huge one, whether or not gzip was asked for."""
    headers = {"Content-Type": HTML, "Content-Encoding": "gzip"}
    return Response(200, _bomb(megabytes), headers)


@fault()
def wrong_charset(exchange: Exchange, *, in_header: bool = True) -> Outcome:
    """The header names another charset than the body has; or header and page name one that it has not."""
    body = exchange.page.body
    if in_header:
        return Response(200, body, {"Content-Type": "text/html; charset=ISO-8859-1"})
    return Response(200, body.decode().encode("cp1252", "xmlcharrefreplace"), {"Content-Type": HTML})


@fault()
def empty_table(exchange: Exchange) -> Outcome:
    """The range line tells of rows, and there are none."""
    return exchange.page_of(replace(exchange.listing, rows=()))


@fault()
def missing_row(exchange: Exchange, *, position: int = 5) -> Outcome:
    """One row fewer than the range line says (nine for ten); which one, from 1."""
    listing = exchange.listing
    rows = listing.rows[: position - 1] + listing.rows[position:]
    return exchange.page_of(replace(listing, rows=rows))


@fault()
def changed_layout(exchange: Exchange, *, markup: str = BROKEN) -> Outcome:
    """The page is laid out anew."""
    return exchange.page_of(replace(exchange.listing, markup=markup))


@fault()
def same_page(exchange: Exchange, *, lying_range: bool = False) -> Outcome:
    """Whatever page is asked for, it is the first; its range line says so, or claims to be the one asked for."""
    first = exchange.archive.listing(replace(exchange.query, page=0))
    if lying_range:
        return exchange.page_of(replace(exchange.listing, rows=first.rows))
    return exchange.page_of(first)


@fault()
def growing_total(exchange: Exchange) -> None:
    """The archive gains a document, first in the result set that is asked for, just before it answers."""
    exchange.archive.add_first(exchange.query)


@fault()
def shrinking_total(exchange: Exchange) -> None:
    """The archive loses the first document of the result set that is asked for, just before it answers."""
    exchange.archive.remove_first(exchange.query)


@fault(match=r"^/search\?.*\bf\[")
def vanished_facet(exchange: Exchange, *, shows: str = "nothing") -> Outcome:
    """A facet is gone: its page shows nothing, or everything as if no facet was given, or is not found."""
    match shows:
        case "nothing":
            return exchange.page_of(Listing(exchange.query, 0, 0, 0, ()))
        case "everything":
            unfiltered = replace(exchange.query, facets=frozenset())
            return exchange.page_of(exchange.archive.listing(unfiltered))
        case _:
            return page(exchange.renderer.not_found(), 404)


@fault(match=DOCUMENTS)
def not_found(exchange: Exchange) -> Outcome:
    """The document is in listings, and its page is not there."""
    return page(exchange.renderer.not_found(), 404)


@fault(match=DOCUMENTS)
def front_page(exchange: Exchange) -> Outcome:
    """The front page comes for every document."""
    return page(exchange.renderer.front())


@fault(match=DOCUMENTS)
def same_document(exchange: Exchange) -> Outcome:
    """Whatever document is asked for, the page is that of the first."""
    return page(exchange.renderer.document(exchange.archive.truth.documents[0]))


@fault(match=DOCUMENTS)
def same_record_id(exchange: Exchange) -> Outcome:
    """Every document's page claims the record id of the first."""
    documents = exchange.archive.truth.documents
    own = next(one for one in documents if one.address == exchange.request.path)
    return page(exchange.renderer.document(replace(own, record_id=documents[0].record_id)))


@fault(match=ROBOTS)
def robots_forbids(_exchange: Exchange, *, path: str = "/") -> Outcome:
    """robots.txt asks everyone to stay out."""
    return _robots(f"User-agent: *\nDisallow: {path}\n".encode())


@fault(match=ROBOTS)
def robots_delays(_exchange: Exchange, *, seconds: float = 10) -> Outcome:
    """robots.txt asks for a pause between requests."""
    return _robots(f"User-agent: *\nCrawl-delay: {seconds:g}\nDisallow: /admin/\n".encode())


@fault(match=ROBOTS)
def robots_missing(exchange: Exchange) -> Outcome:
    """There is no robots.txt."""
    return page(exchange.renderer.not_found(), 404)


@fault(match=ROBOTS)
def robots_broken(_exchange: Exchange) -> Outcome:
    """robots.txt is no text at all."""
    return _robots(b"\x89PNG\r\n\x1a\n\x00\xff\xfe\x80User-agent\x00: *\xc3\x28" + bytes(range(256)) * 8)


@fault(match=ROBOTS)
def robots_500(exchange: Exchange) -> Outcome:
    """The site fails at robots.txt, so that what it asks for is not known."""
    return _refused(exchange, 500, "The website encountered an unexpected error.")


def _refused(
    _exchange: Exchange,
    status: int,
    words: str,
    retry_after: int | None = None,
    retry_after_date: float | None = None,
) -> Response:
    headers: dict[str, str] = {}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    elif retry_after_date is not None:
        headers["Retry-After"] = http_date(datetime.now(UTC) + timedelta(seconds=retry_after_date))
    body = f"<html><head><title>{status}</title></head><body><h1>{words}</h1></body></html>\n"
    return page(body, status, **headers)


def _robots(body: bytes) -> Response:
    return Response(200, body, {"Content-Type": "text/plain; charset=UTF-8"})


@lru_cache(maxsize=1)
def _bomb(megabytes: int) -> bytes:
    return compressed_repetition(b" " * _MEGABYTE, megabytes)
