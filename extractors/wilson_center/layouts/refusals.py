"""Pages that a site sends instead of the page that was asked for: challenges, blocks, maintenance.

The body tells, not the status: challenges came with HTTP 200 too. A page that a layout recognises is none of these,
whatever else stands on it: records may well speak of maintenance, and a guard's script can be part of an ordinary
page. So this is asked last.

History: Cloudflare's "you have been blocked" in January 2025; a bot check with `bm-verify` in October 2025.
"""

import re

from schemas.issues import ISSUE_KINDS
from schemas.records import Outcome, ParsedPage

_CHALLENGE_MARKS = (
    "/cdn-cgi/challenge-platform",
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


def recognise(text: str) -> ParsedPage | None:
    """The page as a refusal, or null if it is none."""
    refusal = _refusal(text)
    if refusal is None:
        return None
    outcome, mark = refusal
    issue = ISSUE_KINDS[outcome].issue(_ADVICE[outcome], expected="a listing page", found=mark)
    return ParsedPage(layout=None, outcome=outcome, issues=(issue,))


def _refusal(text: str) -> tuple[Outcome, str] | None:
    for mark in _CHALLENGE_MARKS:
        if mark in text:
            return "challenge", mark
    for outcome, wording in _WORDINGS:
        if match := wording.search(text):
            return outcome, " ".join(match[0].split())
    return None
