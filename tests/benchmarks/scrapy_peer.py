"""The search pages of a replica, read by Scrapy: the peer beside which `live` measures a harvest.

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


class SearchSpider(scrapy.Spider):
    """Reads the rows of each page; the addresses are known beforehand, so no page waits for another."""

    name = "search"

    def parse(self, response: Response, **_: Any) -> Iterator[dict[str, str | None]]:
        for row in response.css("td.document"):
            link = row.css("h3.title > a")
            paragraphs = (one.xpath("string()").get("") for one in row.css("div.text-block > p"))
            yield {
                "date_text": row.css("div.date::text").get(),
                "title": link.xpath("string()").get(),
                "url": urljoin(response.url, link.attrib["href"]),
                "summary": "\n\n".join(paragraphs) or None,
            }


def main() -> None:
    """Read the pages, write JSON lines, say how many."""
    match sys.argv[1:]:
        case [base_url, pages, file]:
            pass
        case _:
            sys.exit("usage: python -m tests.benchmarks.scrapy_peer BASE_URL PAGES OUT.jsonl")
    feed = {Path(file).absolute().as_uri(): {"format": "jsonlines", "overwrite": True}}
    process = AsyncCrawlerProcess({**SETTINGS, "FEEDS": feed})
    logging.getLogger("scrapy").setLevel(logging.WARNING)  # else a record is made of each row, and thrown away
    crawler = process.create_crawler(SearchSpider)
    process.crawl(crawler, start_urls=[f"{base_url}/search?page={number}" for number in range(int(pages))])
    process.start()
    print(f"{crawler.stats.get_value('item_scraped_count', 0)} documents written")


if __name__ == "__main__":
    main()
