"""Start the replica by hand: `python -m tests.replica --port 8000`; one line of JSON says when it is ready."""

import argparse
import asyncio
import contextlib
import json
import sys

from tests.replica.faults import KINDS
from tests.replica.pages import BROKEN, LINKS, MARKUPS, Appearance
from tests.replica.records import generate
from tests.replica.server import Settings, Site, serve


def main() -> None:
    """Generate the records, serve them, stop on Ctrl-C or SIGTERM."""
    arguments = _parser().parse_args()
    settings = Settings(
        documents=arguments.documents,
        collections=arguments.collections,
        seed=arguments.seed,
        appearance=Appearance(arguments.markup, arguments.links, arguments.page_bytes),
        honour_page_size=not arguments.items_per_page_ignored,
        past_the_end=arguments.past_the_end,
    )
    truth = generate(settings.documents, settings.collections, settings.seed)
    site = Site(settings, truth)
    for fault in arguments.fault:
        site.switch_on(json.loads(fault))
    stored = site.warm() if arguments.warm else 0

    def announce(url: str) -> None:
        facts = {
            "url": url,
            "documents": len(truth.documents),
            "collections": len(truth.collections),
            "pages_ready": stored,
        }
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(
            serve(
                site,
                arguments.port,
                announce,
                until_stdin_closes=arguments.until_stdin_closes,
            )
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.replica",
        description=__doc__,
        epilog=f"Faults: {', '.join(sorted(KINDS))}. What each does, and its parameters: faults.py.",
    )
    defaults = Settings()
    parser.add_argument("--port", type=int, default=8000, help="0 for any that is free")
    parser.add_argument("--documents", type=int, default=defaults.documents)
    parser.add_argument("--collections", type=int, default=defaults.collections)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--markup", choices=(*MARKUPS, BROKEN), default=Appearance.markup)
    parser.add_argument("--links", choices=LINKS, default=Appearance.links)
    parser.add_argument("--page-bytes", type=int, default=Appearance.page_bytes)
    parser.add_argument("--items-per-page-ignored", action="store_true")
    parser.add_argument("--past-the-end", choices=("empty", "last"), default=defaults.past_the_end)
    parser.add_argument("--warm", action="store_true", help="render all pages of ten at the start")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="JSON",
        help='switched on from the start, as {"fault": "http-429", "times": 3}; can be repeated',
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when the parent process does")
    return parser


if __name__ == "__main__":
    main()
