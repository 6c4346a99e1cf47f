"""What a site's robots.txt asks of us (RFC 9309), and how fast it wants to be asked."""

from protego import Protego

MAX_ROBOTS_BYTES = 500 * 1024
"""RFC 9309, 2.5: at least so much must be read; no more is."""


class Robots:
    """A robots.txt, read for one crawler; broken bytes and lines in it mean nothing, the rest holds.

    Args:
        body: Without its content-encoding; empty if all is allowed.
        product_token: Name by which robots.txt calls the crawler (RFC 9309, 2.2.1).
    """

    def __init__(self, body: bytes, product_token: str) -> None:
        # A line that begins with a mark of byte order would not be known as the first group.
        self._rules = Protego.parse(body[:MAX_ROBOTS_BYTES].decode("utf-8-sig", "replace"))
        self._product_token = product_token

    def allows(self, url: str) -> bool:
        """Whether the URL may be asked for."""
        return self._rules.can_fetch(url, self._product_token)

    @property
    def interval(self) -> float:
        """Seconds between requests that `Crawl-delay` or `Request-rate` asks for; 0 if neither does."""
        rate = self._rules.request_rate(self._product_token)
        delay = self._rules.crawl_delay(self._product_token)
        return max(delay or 0.0, rate.seconds / rate.requests if rate else 0.0)
