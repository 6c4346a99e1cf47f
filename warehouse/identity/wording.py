"""When two wordings say the same: equal after normalising, or different only as a slip of the pen is.

What must be kept apart is known from the archive: titles that differ in a date, a digit of a file number, an initial,
a name, the order of sender and addressee. So similarity alone joins nothing: each word that differs must be an ordinary
lower-case word with one letter wrong, and no word that counts, orders or denies.
"""

import re
from itertools import groupby

from rapidfuzz.distance import OSA

_FOLDED = {
    **dict.fromkeys("‘’‚‛′´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    "\u00ad": "",  # a soft hyphen is not seen
    "…": "...",
}
_FOLDABLE = re.compile(f"[{''.join(_FOLDED)}]")
_EDGE = re.compile(r"^\W+|\W+$")
_MIN_WORD = 5  # in a shorter word one letter makes another word: now/not, east/west
_MAX_WORD = 100  # comparing takes the product of the lengths
_WORDS_PER_TYPO = 12
_NUMBERS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion "
)
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth former latter earlier later "
)
_DENIALS = "neither never without nothing nobody against "
_WEIGHTY = frozenset((_NUMBERS + _ORDINALS + _DENIALS).split())


def normalise(text: str) -> str:
    """The text without differences of case, quotes, dashes and white space."""
    return " ".join(_fold(text).casefold().split())


def differs_only_by_typos(left: str, right: str) -> bool:
    """Whether the words are the same but for a letter here and there, a word written twice, case or punctuation."""
    ours, theirs = _fold(left).split(), _fold(right).split()
    if len(ours) != len(theirs):
        ours, theirs = ([word for word, _ in groupby(words)] for words in (ours, theirs))
    if len(ours) != len(theirs) or not ours:
        return False
    pairs = [(_bare(our), _bare(their)) for our, their in zip(ours, theirs, strict=True) if our != their]
    differing = [pair for pair in pairs if pair[0].casefold() != pair[1].casefold()]
    return len(differing) <= 1 + len(ours) // _WORDS_PER_TYPO and all(_is_typo(*pair) for pair in differing)


def _fold(text: str) -> str:
    """The text with the quotes and dashes of a typewriter."""
    return text if text.isascii() else _FOLDABLE.sub(lambda found: _FOLDED[found[0]], text)


def _bare(word: str) -> str:
    """The word without the punctuation around it."""
    return _EDGE.sub("", word)


def _is_typo(our: str, their: str) -> bool:
    return (
        min(len(our), len(their)) >= _MIN_WORD
        and max(len(our), len(their)) <= _MAX_WORD
        and our.islower()
        and their.islower()
        and our.isalpha()
        and their.isalpha()
        and _WEIGHTY.isdisjoint((our, their))
        and OSA.distance(our, their, score_cutoff=1) <= 1
    )
