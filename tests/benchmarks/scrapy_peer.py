"""The search pages of a replica and those of its documents, read by Scrapy: the peer of a harvest.

Settings and selectors are those of a user who knows Scrapy and this one site, and wants speed: as many requests at once
as our side may have, no pause, nothing on that the task does not need, and selectors for the replica's first markup.
"""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response
from scrapy.selector import SelectorList

REQUESTS_AT_ONCE = 16
SETTINGS = {
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_ITEMS": 10,  # the rows of a page; each page would start a hundred workers
    "CONCURRENT_REQUESTS": REQUESTS_AT_ONCE,
    "CONCURRENT_REQUESTS_PER_DOMAIN": REQUESTS_AT_ONCE,
    "COOKIES_ENABLED": False,
    "DOWNLOAD_DELAY": 0,
    "LOG_LEVEL": "WARNING",
    "METAREFRESH_ENABLED": False,
    "REDIRECT_ENABLED": False,
    "REFERER_ENABLED": False,
    "ROBOTSTXT_OBEY": False,
    "TELNETCONSOLE_ENABLED": False,
    "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
}


Row = dict[str, str | list[str] | None]


class ArchiveSpider(scrapy.Spider):
    """Reads the rows or the fields of each page; the addresses are known beforehand, so no page waits for another."""

    name = "archive"

    def parse(self, response: Response, **_: Any) -> Iterator[Row]:
        yield from self._document(response) if "/document/" in response.url else self._rows(response)

    def _rows(self, response: Response) -> Iterator[Row]:
        for row in response.css("td.document"):
            link = row.css("h3.title > a")
            paragraphs = (one.xpath("string()").get("") for one in row.css("div.text-block > p"))
            yield {
                "date_text": row.css("div.date::text").get(),
                "title": link.xpath("string()").get(),
                "url": urljoin(response.url, link.attrib["href"]),
                "summary": "\n\n".join(paragraphs) or None,
            }

    def _document(self, response: Response) -> Iterator[Row]:
        """What wcda reads of it: fields, terms, text and files."""
        information = {
            block.css(".sub-title::text").get(""): " ".join(block.css(".text").xpath("string()").get("").split())
            for block in response.css(".information-block")
        }
        terms = response.css("a.pill")
        yield {
            "url": response.css("link[rel=canonical]::attr(href)").get(),
            "node": response.css("link[rel=shortlink]::attr(href)").get(),
            "cited": response.css("#citation-url::text").get(),
            "date_text": response.css("h2.date::text").get(),
            "title": response.css("h1.title").xpath("normalize-space()").get(),
            "summary": self._paragraphs(response.css(".text-block > p")),
            "text": self._paragraphs(response.css("#documentTabs .tab-pane .tab-pane > p")),
            "files": response.css("#documentTabs object::attr(data)").getall(),
            "terms": terms.css(".name::text").getall(),
            "links": terms.css("::attr(href)").getall(),
            "source": information.get("Source"),
            "language": information.get("Language"),
            "record": information.get("Record ID"),
        }

    def _paragraphs(self, paragraphs: SelectorList) -> str | None:
        return "\n\n".join(one.xpath("normalize-space()").get("") for one in paragraphs) or None


def main() -> None:
    """Read the pages, write JSON lines, say how many."""
    match sys.argv[1:]:
        case [addresses, file]:
            pass
        case _:
            sys.exit("usage: python -m tests.benchmarks.scrapy_peer ADDRESSES.txt OUT.jsonl")
    feed = {Path(file).absolute().as_uri(): {"format": "jsonlines", "overwrite": True}}
    process = AsyncCrawlerProcess({**SETTINGS, "FEEDS": feed})
    logging.getLogger("scrapy").setLevel(logging.WARNING)  # else a record is made of each row, and thrown away
    crawler = process.create_crawler(ArchiveSpider)
    process.crawl(crawler, start_urls=Path(addresses).read_text().split())
    process.start()
    print(f"{crawler.stats.get_value('item_scraped_count', 0)} rows written")


if __name__ == "__main__":
    main()
