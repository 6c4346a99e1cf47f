"""Entity resolution: from entries to documents, by rules in a stated order.

1. `address`: the same canonical address is the same document.
2. `content`: date, title and summary equal to the letter. An entry without an address that equals two addressed
   documents joins neither.
3. `normalised`: equal but for case, quotes, dashes, white space and the way in which the date is written.
4. `similar`: same date, or none on one side; title and summary differ only as slips of the pen do (`wording`).

A person's decision comes before all of them (rule `decision`). Two present-day addresses (by slug) are never joined by
a rule; they become a candidate pair. Proposals are taken by rule, then score, then key, so that no order of the input
matters, and each is refused that would bring two entries of one page together, or two dates, or what a person
declared different, be it through others. Near matching looks only at neighbours within sorted blocks (the sorted
neighbourhood method, Hernández and Stolfo 1995), so that the cost grows with the number of entries.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from schemas.dates import read_date
from schemas.identifiers import stable_id
from warehouse.identity.clusters import Clusters
from warehouse.identity.decisions import Decision
from warehouse.identity.wording import differs_by_slips_only, normalise

RULES = ("address", "content", "normalised", "similar", "decision")

_DECISION, _CONTENT, _NORMALISED, _SIMILAR = range(4)
_RULE_OF_RANK = {_DECISION: "decision", _CONTENT: "content", _NORMALISED: "normalised", _SIMILAR: "similar"}
_WEAKNESS = {_CONTENT: 0, _NORMALISED: 1, _SIMILAR: 2, _DECISION: 3}
"""A decision is told before all else: without it the document would be another."""
_WINDOW = 4
"""Neighbours that each node is compared with, in each order."""
_LEAST_TITLE = 90
_LEAST_SUMMARY = 85
"""Likeness, of 100, from which a pair is worth a person's look."""
_FEWEST_WORDS = 6
"""A summary with fewer words is no evidence."""
_NUMERIC_ADDRESS = r"/document/[0-9]+$"

_Ints = npt.NDArray[np.int64]
_Proposal = tuple[int, int, int, float, str]
"""Node, node, rank of the rule, score, evidence."""

ENTRY_COLUMNS = ("page_id", "position", "date_text", "title", "summary", "url")
KEY_SCHEMA = pa.schema([("key", pa.string()), ("document_id", pa.string()), ("kind", pa.string())])
PAIR_SCHEMA = pa.schema(
    [
        ("left_id", pa.string()),
        ("right_id", pa.string()),
        ("score", pa.float64()),
        ("evidence", pa.string()),
        ("decision", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Resolution:
    """Which entries are the same document.

    Attributes:
        entries: The entries as given, in the same order, with `document_id` and `rule` added.
        keys: Every natural key (`address:…`, `content:…`) with its document, and the id that each key would give
            alone (`id:…`), so that an id once published still resolves.
        pairs: Documents that look alike and are apart, as `candidate_pairs`.
        unknown: Decisions about a key that no entry has.
    """

    entries: pa.Table
    keys: pa.Table
    pairs: pa.Table
    unknown: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class _Content:
    """A distinct date, title and summary, and what is compared of it."""

    date: str | None
    title: str | None
    summary: str | None
    plain_date: str
    plain_title: str
    plain_summary: str

    @property
    def plain(self) -> tuple[str, str, str]:
        """All of it, normalised."""
        return self.plain_date, self.plain_title, self.plain_summary

    @property
    def text(self) -> tuple[str, str]:
        """Title and summary, normalised."""
        return self.plain_title, self.plain_summary

    @property
    def weight(self) -> tuple[int, int, int]:
        """How much it tells: parts that are there, then length."""
        parts = sum(part is not None for part in (self.date, self.title, self.summary))
        return parts, len(self.summary or ""), len(self.title or "")


@dataclass(frozen=True, slots=True)
class _Nodes:
    """What needs no rule to be one document.

    Attributes:
        of_entry: Node of each entry.
        keys: Natural key of each node.
        slugs: Present-day address of each node, if it has one.
        addressed: Whether each node has an address of any kind.
        repeated: Whether each node is an equal block, other than the first, of a page.
        contents: Content codes of each node; one, unless an address shows several.
    """

    of_entry: _Ints
    keys: list[str]
    slugs: list[str | None]
    addressed: list[bool]
    repeated: list[bool]
    contents: list[list[int]]


def resolve(entries: pa.Table, decisions: Sequence[Decision] = ()) -> Resolution:
    """Give each entry its document.

    Args:
        entries: page_id, position, date_text, title, summary, url; page_id and position name an entry.
        decisions: Proved by `decisions.parse_decisions`.
    """
    page, position = _codes(entries["page_id"])[0], entries["position"].to_numpy()
    content_of_entry, contents = _contents(entries)
    nodes = _nodes(entries["url"], page, position, content_of_entry, contents)
    places = {key: node for node, key in enumerate(nodes.keys)}
    known = [each for each in decisions if each.left in places and each.right in places]
    foes = [(places[each.left], places[each.right]) for each in known if each.decision == "different"]
    dates = _dates_of(nodes, contents)
    pages = _pages_of(nodes.of_entry, page, len(nodes.keys))
    clusters = Clusters(pages, nodes.slugs, nodes.addressed, dates, foes)
    outcome = _Outcome(nodes, contents, clusters, dates)
    outcome.propose(
        [
            (places[each.left], places[each.right], _DECISION, 1.0, "decided")
            for each in known
            if each.decision == "same"
        ]
    )
    _propose_equal(outcome)
    _propose_similar(outcome)
    resolution = _publish(entries, outcome, foes)
    keys = resolution.keys
    if foes:
        undivided = resolve(entries, [each for each in known if each.decision == "same"])
        keys = pa.concat_tables([keys, _ids_of_the_divided(undivided.keys, keys)])
    return replace(resolution, keys=keys, unknown=tuple(each for each in decisions if each not in known))


def _ids_of_the_divided(undivided: pa.Table, keys: pa.Table) -> pa.Table:
    """The id of each document that decisions took apart, with each document that it became."""
    present = dict(zip(keys["key"].to_pylist(), keys["document_id"].to_pylist(), strict=True))
    parts: dict[str, set[str]] = defaultdict(set)
    for key, former, kind in zip(*(column.to_pylist() for column in undivided.columns), strict=True):
        if kind != "id":
            parts[former].add(present[key])
    rows = [
        ("id:" + former, document, "id")
        for former, documents in parts.items()
        for document in documents
        if len(documents) > 1 and present["id:" + former] != document
    ]
    return pa.table([list(column) for column in zip(*rows, strict=True)] or [[], [], []], schema=KEY_SCHEMA)


class _Outcome:
    """Joins that were made, by which rule, and pairs that were not joined."""

    def __init__(
        self, nodes: _Nodes, contents: Sequence[_Content], clusters: Clusters, dates: Sequence[str | None]
    ) -> None:
        self.nodes = nodes
        self.dates = dates
        self.contents = contents
        self.clusters = clusters
        self.order = _rank_of(nodes.keys)
        self.edges: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.pairs: dict[tuple[int, int], tuple[float, str]] = {}

    def propose(self, proposals: Iterable[_Proposal]) -> None:
        """Take proposals in their order of strength, which keys settle where it is equal; note those refused."""
        order = self.order
        sorted_proposals = sorted(
            (rank, -score, min(order[left], order[right]), max(order[left], order[right]), left, right, evidence)
            for left, right, rank, score, evidence in proposals
        )
        for rank, cost, _, _, left, right, evidence in sorted_proposals:
            if self.clusters.find(left) == self.clusters.find(right):
                continue
            refusal = self.clusters.refusal(left, right, decided=rank == _DECISION, alike=rank == _SIMILAR)
            if refusal is None:
                self.clusters.join(left, right)
                self.edges[left].append((right, rank))
                self.edges[right].append((left, rank))
            else:
                self.note(left, right, -cost, f"{evidence}; {refusal}")

    def note(self, left: int, right: int, score: float, evidence: str) -> None:
        """Remember a pair that looks alike and is not joined; the strongest evidence is kept."""
        pair = (min(left, right), max(left, right))
        self.pairs[pair] = max(self.pairs.get(pair, (0.0, "")), (score, evidence))


def _codes(column: pa.ChunkedArray) -> tuple[_Ints, pa.Array]:
    """A number for each distinct value, null being -1, and the values."""
    encoded = pc.dictionary_encode(column).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # a column without chunks
        encoded = pa.array([], column.type).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary


def _group(*columns: _Ints) -> _Ints:
    """A number for each distinct combination, in order of first sight."""
    code = columns[0]
    for column in columns[1:]:
        code = pd.factorize(code)[0] * (int(column.max(initial=0)) + 2) + column + 1
    return pd.factorize(code)[0].astype(np.int64)


def _contents(entries: pa.Table) -> tuple[_Ints, list[_Content]]:
    """The content of each entry, as a number, and the distinct contents."""
    parts = [_codes(entries[name]) for name in ("date_text", "title", "summary")]
    code = _group(*(codes for codes, _ in parts))
    first = np.unique(code, return_index=True)[1]
    values = [dictionary.to_pylist() for _, dictionary in parts]
    plain = [
        [_plain_date(value) for value in values[0]],
        [normalise(value) for value in values[1]],
        [normalise(value) for value in values[2]],
    ]
    contents = []
    for place in first:
        at = [int(codes[place]) for codes, _ in parts]
        date, title, summary = (value[index] if index >= 0 else None for value, index in zip(values, at, strict=True))
        plains = [value[index] if index >= 0 else "" for value, index in zip(plain, at, strict=True)]
        contents.append(_Content(date, title, summary, *plains))
    return code, contents


def _plain_date(text: str) -> str:
    """What a date means, whatever way it is written; empty where the text says that there is none."""
    reading = read_date(text)
    return normalise(text) if reading is None else reading.edtf or ""


def _nodes(urls: pa.ChunkedArray, page: _Ints, position: _Ints, content: _Ints, contents: list[_Content]) -> _Nodes:
    url_codes, url_values = _codes(urls)
    addressed = url_codes >= 0
    ordinal = _ordinals(page, position, content, addressed)
    node = _group(addressed.astype(np.int64), np.where(addressed, url_codes, content), ordinal)
    first = np.unique(node, return_index=True)[1]
    slugs = pc.invert(pc.match_substring_regex(url_values, _NUMERIC_ADDRESS)).to_pylist()
    addresses = url_values.to_pylist()
    keys: list[str] = []
    present: list[str | None] = []
    for place in first:
        url = int(url_codes[place])
        if url >= 0:
            keys.append("address:" + addresses[url])
            present.append(addresses[url] if slugs[url] else None)
        else:
            which = contents[int(content[place])]
            keys.append("content:" + stable_id(which.date, which.title, which.summary, str(ordinal[place])))
            present.append(None)
    variants: list[list[int]] = [[] for _ in keys]
    shown = pd.DataFrame({"node": node, "content": content}).drop_duplicates()
    for owner, which_content in zip(shown["node"].tolist(), shown["content"].tolist(), strict=True):
        variants[owner].append(which_content)
    return _Nodes(
        of_entry=node,
        keys=keys,
        slugs=present,
        addressed=addressed[first].tolist(),
        repeated=(ordinal[first] > 0).tolist(),
        contents=variants,
    )


def _ordinals(page: _Ints, position: _Ints, content: _Ints, addressed: npt.NDArray[np.bool_]) -> _Ints:
    """Place of each block without an address among the equals of its page, from 0."""
    frame = pd.DataFrame({"page": page, "content": content, "position": position})[~addressed]
    counted = frame.sort_values(["page", "position"]).groupby(["page", "content"], sort=False).cumcount()
    ordinal = np.zeros(len(page), np.int64)
    ordinal[counted.index.to_numpy()] = counted.to_numpy()
    return ordinal


def _rank_of(keys: list[str]) -> list[int]:
    """Place of each key among the sorted keys."""
    ranks = np.empty(len(keys), np.int64)
    ranks[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
    return ranks.tolist()


def _pages_of(node: _Ints, page: _Ints, count: int) -> Callable[[int], frozenset[int]]:
    """A function that tells the pages on which a node stands."""
    order = np.argsort(node, kind="stable")
    bounds = np.searchsorted(node[order], np.arange(count + 1))
    pages = page[order]
    return lambda which: frozenset(pages[bounds[which] : bounds[which + 1]].tolist())


def _dates_of(nodes: _Nodes, contents: Sequence[_Content]) -> list[str | None]:
    """The one date of each node; null if it has none, or if listings of one address differ."""
    dates = []
    for variants in nodes.contents:
        found = {contents[variant].plain_date for variant in variants} - {""}
        dates.append(found.pop() if len(found) == 1 else None)
    return dates


def _propose_equal(outcome: _Outcome) -> None:
    """The rules `content` and `normalised`: nodes that share a content, to the letter or normalised."""
    owners, codes = _variants(outcome.nodes)
    plain = _plain_codes(outcome.contents)
    for rank, evidence, code in ((_CONTENT, "equal", codes), (_NORMALISED, "equal after normalising", plain[codes])):
        proposals: list[_Proposal] = []
        for group, content in _groups(owners, code, codes):
            which = outcome.contents[content]
            group.sort(key=outcome.nodes.keys.__getitem__)
            whole = bool(which.plain_date and which.title and which.summary)
            proposals += _within_group(group, rank, evidence, outcome, whole=whole)
        outcome.propose(proposals)


def _plain_codes(contents: Sequence[_Content]) -> _Ints:
    """A number for each distinct normalised content, for each content."""
    numbers: dict[tuple[str, str, str], int] = {}
    return np.array([numbers.setdefault(content.plain, len(numbers)) for content in contents], np.int64)


def _groups(owners: _Ints, code: _Ints, codes: _Ints) -> Iterator[tuple[list[int], int]]:
    """Nodes that share a code, where there are several, with a content of theirs."""
    order = np.lexsort((owners, code))
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    ends = np.append(starts[1:], len(order))
    for start, end in zip(starts[ends - starts > 1].tolist(), ends[ends - starts > 1].tolist(), strict=True):
        group = np.unique(owners[order[start:end]])
        if len(group) > 1:
            yield group.tolist(), int(codes[order[start]])


def _within_group(group: list[int], rank: int, evidence: str, outcome: _Outcome, *, whole: bool) -> list[_Proposal]:
    """Proposals among nodes with equal content: all join the one that has an address, or the first by key.

    With several addresses nobody can tell which one a block without an address is. Only a numeric address and a slug
    may be two names of one document, where date, title and summary are all there and agree.
    """
    nodes = outcome.nodes
    addressed = [node for node in group if nodes.addressed[node]]
    present = [node for node in addressed if nodes.slugs[node]]
    known, known_present = (len({outcome.clusters.find(node) for node in some}) for some in (addressed, present))
    one_document = known < 2 or (known == 2 and known_present == 1 and whole)
    blocks = [node for node in group if not nodes.addressed[node]]
    if one_document and not any(nodes.repeated[node] for node in blocks):
        hub = (present or addressed or blocks)[0]
        return [(hub, node, rank, 1.0, evidence) for node in group if node != hub]
    if addressed:
        # A chain of neighbours shows the whole group, and does not grow with its square.
        for left, right in pairwise([*addressed, *blocks]):
            outcome.note(left, right, 1.0, f"{evidence}; nobody can tell which")
    return []


def _propose_similar(outcome: _Outcome) -> None:
    """The rule `similar`; what is alike and not joined is noted as a pair.

    An entry that is like two documents with addresses, or lacks the date and is like two with different dates, joins
    neither.
    """
    addressed, find, dates = outcome.nodes.addressed, outcome.clusters.find, outcome.dates
    proposals: list[_Proposal] = []
    suitors: dict[int, set[int | str]] = defaultdict(set)
    for left, right, score, joins, evidence in _alike(outcome):
        if joins and not (addressed[left] and addressed[right]):
            proposals.append((left, right, _SIMILAR, score, evidence))
            for node, other in ((left, right), (right, left)):
                if addressed[other]:
                    suitors[node].add(find(other))
                date = dates[other]
                if dates[node] is None and date is not None:
                    suitors[~node].add(date)  # counted apart from the addresses
        else:
            outcome.note(left, right, score, evidence)
    clear = []
    for proposal in proposals:
        left, right, _, score, evidence = proposal
        if max(len(suitors[which]) for which in (left, right, ~left, ~right)) > 1:
            outcome.note(left, right, score, f"{evidence}; like several documents")
        else:
            clear.append(proposal)
    outcome.propose(clear)


def _alike(outcome: _Outcome) -> Iterator[tuple[int, int, float, bool, str]]:
    """Pairs of nodes that are not joined yet and look alike: nodes, score, whether the rule would join, evidence."""
    contents = outcome.contents
    owners, codes = _variants(outcome.nodes)
    ties = (_text_order(contents)[codes], np.array(outcome.order, np.int64)[owners])
    left, right = _neighbours(codes, contents, ties)
    leaders = np.fromiter(map(outcome.clusters.find, range(len(outcome.nodes.keys))), np.int64)[owners]
    apart = leaders[left] != leaders[right]
    left, right = left[apart], right[apart]
    title_scores = _likeness([content.plain_title for content in contents], codes[left], codes[right], _LEAST_TITLE)
    near = title_scores >= _LEAST_TITLE
    left, right, title_scores = left[near], right[near], title_scores[near]
    summaries = [content.plain_summary for content in contents]
    summary_scores = _likeness(summaries, codes[left], codes[right], _LEAST_SUMMARY)
    crowded = _crowded(outcome.nodes, len(contents))
    dates_of_text: dict[tuple[str, str], set[str]] = defaultdict(set)
    for content in contents:
        dates_of_text[content.text].add(content.plain_date)
    rows = zip(left.tolist(), right.tolist(), title_scores.tolist(), summary_scores.tolist(), strict=True)
    for one, other, title_score, summary_score in rows:
        ours, theirs = contents[codes[one]], contents[codes[other]]
        if ours.plain == theirs.plain:
            continue  # the rules of equality have judged it
        both = bool(ours.summary and theirs.summary)
        if both and summary_score < _LEAST_SUMMARY:
            continue
        score = (title_score + (summary_score if both else _LEAST_SUMMARY)) / 200
        told = f"summaries {summary_score:.0f} %" if both else "a summary absent"
        dated = "same date" if ours.plain_date == theirs.plain_date else "one without date"
        evidence = f"titles {title_score:.0f} %, {told}, {dated}"
        joins = (
            both
            and not (crowded[codes[one]] or crowded[codes[other]])
            and len((dates_of_text[ours.text] | dates_of_text[theirs.text]) - {""}) < 2
            and _same_but_for_slips(ours, theirs)
        )
        yield int(owners[one]), int(owners[other]), score, joins, evidence


def _crowded(nodes: _Nodes, count: int) -> list[bool]:
    """Whether each content stands several times on a page without an address: nobody can tell which is which."""
    crowded = [False] * count
    for variants, repeated in zip(nodes.contents, nodes.repeated, strict=True):
        for variant in variants if repeated else ():
            crowded[variant] = True
    return crowded


def _variants(nodes: _Nodes) -> tuple[_Ints, _Ints]:
    """Node and content code of each content of each node."""
    owners = [node for node, variants in enumerate(nodes.contents) for _ in variants]
    codes = [code for variants in nodes.contents for code in variants]
    return np.array(owners, np.int64), np.array(codes, np.int64)


def _neighbours(codes: _Ints, contents: Sequence[_Content], ties: tuple[_Ints, ...]) -> tuple[_Ints, _Ints]:
    """Pairs of places in `codes` that are near each other in a sorted block and whose dates do not contradict.

    `ties` settles the order of what is equal, the strongest last.
    """
    dates, titles, summaries = (
        _sorted_codes([getattr(content, part) for content in contents], codes)
        for part in ("plain_date", "plain_title", "plain_summary")
    )
    found: list[_Ints] = []
    count = len(codes)
    for block, *order in (
        (titles, dates, summaries),
        (titles, summaries, dates),
        (summaries, dates, titles),
        (dates, titles, summaries),
    ):
        sorted_places = np.lexsort((*ties, *reversed(order), block))
        block_codes = block[sorted_places]
        for step in range(1, min(_WINDOW, count - 1) + 1):
            same = (block_codes[:-step] == block_codes[step:]) & (block_codes[step:] >= 0)
            one, other = sorted_places[:-step][same], sorted_places[step:][same]
            found.append(np.minimum(one, other) * count + np.maximum(one, other))
    pairs = np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)
    left, right = pairs // max(count, 1), pairs % max(count, 1)
    agree = (dates[left] == dates[right]) | (dates[left] < 0) | (dates[right] < 0)
    return left[agree], right[agree]


def _text_order(contents: Sequence[_Content]) -> _Ints:
    """Place of each content among all, sorted by their texts."""
    ranks = np.empty(len(contents), np.int64)
    texts = [(content.date or "", content.title or "", content.summary or "") for content in contents]
    ranks[sorted(range(len(contents)), key=texts.__getitem__)] = np.arange(len(contents))
    return ranks


def _sorted_codes(texts: list[str], codes: _Ints) -> _Ints:
    """A number for each text that keeps their order; -1 for the empty text."""
    ranks = {text: rank for rank, text in enumerate(sorted(set(texts) - {""}))}
    return np.array([ranks.get(text, -1) for text in texts], np.int64)[codes]


def _likeness(texts: list[str], left: _Ints, right: _Ints, least: int) -> npt.NDArray[np.float32]:
    """Likeness of pairs of texts, of 100; 0 below `least`."""
    if not len(left):
        return np.empty(0, np.float32)
    ours, theirs = [texts[place] for place in left], [texts[place] for place in right]
    return cpdist(ours, theirs, scorer=fuzz.ratio, score_cutoff=least)


def _same_but_for_slips(ours: _Content, theirs: _Content) -> bool:
    """Whether two contents with a title and a summary each say the same; a slip is forgiven on one side of the two."""
    if min(ours.plain_summary.count(" "), theirs.plain_summary.count(" ")) < _FEWEST_WORDS - 1:
        return False
    if ours.plain_title == theirs.plain_title:
        return ours.plain_summary == theirs.plain_summary or differs_by_slips_only(
            ours.summary or "", theirs.summary or ""
        )
    return (
        ours.plain_date == theirs.plain_date != ""
        and ours.plain_summary == theirs.plain_summary
        and differs_by_slips_only(ours.title or "", theirs.title or "")
    )


def _publish(entries: pa.Table, outcome: _Outcome, foes: Sequence[tuple[int, int]]) -> Resolution:
    nodes, clusters = outcome.nodes, outcome.clusters
    members: dict[int, list[int]] = defaultdict(list)
    for node in range(len(nodes.keys)):
        members[clusters.find(node)].append(node)
    ids = [stable_id(key) for key in nodes.keys]
    documents: list[str] = [""] * len(nodes.keys)
    rules: list[str] = [""] * len(nodes.keys)
    for cluster in members.values():
        best = min(cluster, key=lambda node: _preference(node, outcome)) if len(cluster) > 1 else cluster[0]
        rules[best] = "address" if nodes.addressed[best] else "content"
        documents[best] = ids[best]
        for node, rank in _joined_to(best, outcome.edges):
            rules[node] = _RULE_OF_RANK[rank]
            documents[node] = ids[best]
    of_entry = pa.array(nodes.of_entry)
    resolved = entries.append_column("document_id", pa.array(documents, pa.string()).take(of_entry))
    resolved = resolved.append_column("rule", pa.array(rules, pa.string()).take(of_entry))
    return Resolution(resolved, _keys(nodes.keys, ids, documents), _pairs(outcome, documents, foes))


def _joined_to(best: int, edges: dict[int, list[tuple[int, int]]]) -> Iterator[tuple[int, int]]:
    """Every other node of a document, with the weakest rule on the way from the best one to it."""
    reached = {best: _CONTENT}
    waiting = [best]
    while waiting:
        node = waiting.pop()
        for other, rank in edges.get(node, ()):
            if other not in reached:
                reached[other] = max(reached[node], rank, key=_WEAKNESS.__getitem__)
                waiting.append(other)
                yield other, reached[other]


def _preference(node: int, outcome: _Outcome) -> tuple[int, tuple[int, ...], str]:
    """Sorts the keys of a document, best first: slug, numeric address, then the content that tells most."""
    nodes = outcome.nodes
    if nodes.slugs[node]:
        return 0, (), nodes.keys[node]
    if nodes.addressed[node]:
        return 1, (), nodes.keys[node]
    weight = max(outcome.contents[variant].weight for variant in nodes.contents[node])
    return 2, tuple(-part for part in weight), nodes.keys[node]


def _keys(keys: list[str], ids: list[str], documents: list[str]) -> pa.Table:
    """Each natural key, and the id that it would give alone: whichever key was the best once, its id resolves."""
    natural = pa.table([keys, documents, [key.partition(":")[0] for key in keys]], schema=KEY_SCHEMA)
    own = pa.table([["id:" + own for own in ids], documents, ["id"] * len(keys)], schema=KEY_SCHEMA)
    return pa.concat_tables([natural, own])


def _pairs(outcome: _Outcome, documents: list[str], foes: Sequence[tuple[int, int]]) -> pa.Table:
    """Pairs of documents that look alike, and those that a person declared different."""
    declared = {frozenset((documents[left], documents[right])) for left, right in foes}
    best: dict[frozenset[str], tuple[float, str]] = dict.fromkeys(declared, (0.0, "a decision alone"))
    for (left, right), found in outcome.pairs.items():
        pair = frozenset((documents[left], documents[right]))
        if len(pair) == 2:
            best[pair] = max(best.get(pair, found), found)
    rows = [
        {
            "left_id": min(pair),
            "right_id": max(pair),
            "score": score,
            "evidence": evidence,
            "decision": "different" if pair in declared else None,
        }
        for pair, (score, evidence) in best.items()
    ]
    rows.sort(key=lambda row: (row["left_id"], row["right_id"]))
    return pa.Table.from_pylist(rows, schema=PAIR_SCHEMA)
