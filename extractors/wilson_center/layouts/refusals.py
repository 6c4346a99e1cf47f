"""Pages that a site sends instead of the page that was asked for: challenges, blocks, maintenance.

The body decides, not the status: challenges came with HTTP 200 too. What a layout recognises is none of these, so that
this is asked last. A guard's script alone is no challenge: every page of the archive carries Cloudflare's
`/cdn-cgi/challenge-platform/scripts/jsd/main.js`. Words count only where they are what the page has to say: in its
title or headings, or as nearly all of its text, since documents quote much.

History: Cloudflare's "you have been blocked" in January 2025; a bot check with `bm-verify` in October 2025.
"""

import re

from extractors.wilson_center.layouts.lines import MARKUP
from schemas.issues import ISSUE_KINDS
from schemas.records import Outcome, ParsedPage

_OWN_MARK = "drupal-settings-json"
"""Stands on every page that the archive itself made."""

_CHALLENGE_MARKS = (
    "/cdn-cgi/challenge-platform/h/",
    "_cf_chl_opt",
    "triggerInterstitialChallenge",
    "bm-verify",
    "/_sec/verify",
)
_WORDINGS: tuple[tuple[Outcome, re.Pattern[str]], ...] = (
    (
        "challenge",
        re.compile(r"you have been blocked|verify(?:ing)? (?:that )?you are (?:a )?human|Just a moment\.\.\.", re.I),
    ),
    ("maintenance", re.compile(r"(?:site|website)\b[^.<>]{0,40}\bunder\s+maintenance|Site under maintenance", re.I)),
)
_ADVICE: dict[Outcome, str] = {
    "challenge": "the site asked for proof of a human visitor; use web archives, or try on a later day",
    "maintenance": "the site says that it is under maintenance; try on a later day",
}
_HEADING = re.compile(r"<(?:title|h[12])\b[^<>]{0,300}>([^<>]{0,300})", re.IGNORECASE)
_UNSEEN = re.compile(r"<(script|style)\b[^<]*(?:<(?!/\1)[^<]*)*</\1[^>]*>|<[^<>]*>", re.IGNORECASE)
_MAX_MENTIONS = 50  # of a mark that are looked at
_MAX_SCRIPT = 100_000  # characters before a mark in which its tag or script begins
_MAX_WORDS = 1500
"""Characters of text that a refusal has at most; the archive's own pages have more."""


def recognise(text: str) -> ParsedPage | None:
    """The page as a refusal; `None` if it is none."""
    refusal = _refusal(text)
    if refusal is None:
        return None
    outcome, mark = refusal
    issue = ISSUE_KINDS[outcome].issue(_ADVICE[outcome], expected="a listing page", found=mark)
    return ParsedPage(layout=None, outcome=outcome, issues=(issue,))


def _refusal(text: str) -> tuple[Outcome, str] | None:
    if _OWN_MARK in text:
        return None
    for mark in _CHALLENGE_MARKS:
        if _is_in_markup(mark, text):
            return "challenge", mark
    shown = _main_words(text)
    for outcome, wording in _WORDINGS:
        if match := wording.search(shown):
            return outcome, " ".join(match[0].split())
    return None


def _is_in_markup(mark: str, text: str) -> bool:
    """Whether a mark stands within a tag or a script, be it once; a text that only mentions it has no such tag."""
    at = text.find(mark)
    for _ in range(_MAX_MENTIONS):
        if at < 0:
            break
        begin = max(0, at - _MAX_SCRIPT)
        script = text.rfind("<script", begin, at)
        is_in_script = script >= 0 and text.find("</script", script, at) < 0
        if is_in_script or text.rfind("<", begin, at) > text.rfind(">", begin, at):
            return True
        at = text.find(mark, at + len(mark))
    return False


def _main_words(text: str) -> str:
    """What the page has to say: its title and headings, and all of its text if that is short."""
    if MARKUP.search(text) is None:
        return text if len(text) <= _MAX_WORDS else ""
    words = " ".join(_UNSEEN.sub(" ", text).split())
    return "\n".join([*_HEADING.findall(text), words if len(words) <= _MAX_WORDS else ""])
