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

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pyarrow as pa

from schemas.identifiers import stable_id
from warehouse.identity.clusters import Clusters
from warehouse.identity.decisions import Decision
from warehouse.identity.neighbours import find_neighbours, likeness, text_order
from warehouse.identity.nodes import Content, Ints, Nodes, codes_of, dates_of, find_contents, find_nodes, pages_of
from warehouse.identity.wording import differs_by_slips_only

_DECISION, _CONTENT, _NORMALISED, _SIMILAR = range(4)
_RULE_OF_RANK = {_DECISION: "decision", _CONTENT: "content", _NORMALISED: "normalised", _SIMILAR: "similar"}
_WEAKNESS = {_CONTENT: 0, _NORMALISED: 1, _SIMILAR: 2, _DECISION: 3}
"""A decision is told before all else: without it the document would be another."""
_LEAST_TITLE = 90
_LEAST_SUMMARY = 85
"""Likeness, of 100, from which a pair is worth a person's look."""
_FEWEST_WORDS = 6
"""A summary with fewer words is no evidence."""

_Proposal = tuple[int, int, int, float, str]
"""Node, node, rank of the rule, score, evidence."""

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


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Pause the cyclic garbage collector: there are no cycles here, and the search takes a seventh of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_no_search_for_cycles()
def resolve(entries: pa.Table, decisions: Sequence[Decision] = ()) -> Resolution:
    """Give each entry its document.

    Args:
        entries: page_id, position, date_text, title, summary, url; page_id and position name an entry.
        decisions: Proved by `decisions.parse_decisions`.
    """
    page, position = codes_of(entries["page_id"])[0], entries["position"].to_numpy()
    content_of_entry, contents = find_contents(entries)
    nodes = find_nodes(entries["url"], page, position, content_of_entry, contents)
    places = {key: node for node, key in enumerate(nodes.keys)}
    known = [each for each in decisions if each.left in places and each.right in places]
    foes = [(places[each.left], places[each.right]) for each in known if each.decision == "different"]
    dates = dates_of(nodes, contents)
    pages = pages_of(nodes.of_entry, page, len(nodes.keys))
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
        self, nodes: Nodes, contents: Sequence[Content], clusters: Clusters, dates: Sequence[str | None]
    ) -> None:
        self.nodes = nodes
        self.dates = dates
        self.contents = contents
        self.clusters = clusters
        self.order = _rank_of(nodes.keys)
        self.plain_codes = _plain_codes(contents)
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


def _rank_of(keys: list[str]) -> list[int]:
    """Place of each key among the sorted keys."""
    ranks = np.empty(len(keys), np.int64)
    ranks[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
    return ranks.tolist()


def _propose_equal(outcome: _Outcome) -> None:
    """The rules `content` and `normalised`: nodes that share a content, to the letter or normalised."""
    owners, codes = _variants(outcome.nodes)
    plain = outcome.plain_codes
    for rank, evidence, code in ((_CONTENT, "equal", codes), (_NORMALISED, "equal after normalising", plain[codes])):
        proposals: list[_Proposal] = []
        for group, content in _groups(owners, code, codes):
            which = outcome.contents[content]
            group.sort(key=outcome.nodes.keys.__getitem__)
            whole = bool(which.plain_date and which.title and which.summary)
            proposals += _within_group(group, rank, evidence, outcome, whole=whole)
        outcome.propose(proposals)


def _plain_codes(contents: Sequence[Content]) -> Ints:
    """A number for each distinct normalised content, for each content."""
    numbers: dict[tuple[str, str, str], int] = {}
    return np.array([numbers.setdefault(content.plain, len(numbers)) for content in contents], np.int64)


def _groups(owners: Ints, code: Ints, codes: Ints) -> Iterator[tuple[list[int], int]]:
    """Nodes that share a code, where there are several, with a content of theirs."""
    order = np.lexsort((owners, code))
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    ends = np.append(starts[1:], len(order))
    sorted_owners = owners[order].tolist()
    for start, end in zip(starts[ends - starts > 1].tolist(), ends[ends - starts > 1].tolist(), strict=True):
        group = list(dict.fromkeys(sorted_owners[start:end]))
        if len(group) > 1:
            yield group, int(codes[order[start]])


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
    ties = (text_order(contents)[codes], np.array(outcome.order, np.int64)[owners])
    left, right = find_neighbours(codes, contents, ties)
    leaders = np.fromiter(map(outcome.clusters.find, range(len(outcome.nodes.keys))), np.int64)[owners]
    plain = outcome.plain_codes[codes]
    # What is equal after normalising, the rules of equality have judged.
    apart = (leaders[left] != leaders[right]) & (plain[left] != plain[right])
    left, right = left[apart], right[apart]
    title_scores = likeness([content.plain_title for content in contents], codes[left], codes[right], _LEAST_TITLE)
    near = title_scores >= _LEAST_TITLE
    left, right, title_scores = left[near], right[near], title_scores[near]
    summaries = [content.plain_summary for content in contents]
    summary_scores = likeness(summaries, codes[left], codes[right], _LEAST_SUMMARY)
    crowded = _crowded(outcome.nodes, len(contents))
    dates_of_text: dict[tuple[str, str], set[str]] = defaultdict(set)
    for content in contents:
        dates_of_text[content.text].add(content.plain_date)
    rows = zip(left.tolist(), right.tolist(), title_scores.tolist(), summary_scores.tolist(), strict=True)
    for one, other, title_score, summary_score in rows:
        ours, theirs = contents[codes[one]], contents[codes[other]]
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


def _crowded(nodes: Nodes, count: int) -> list[bool]:
    """Whether each content stands several times on a page without an address: nobody can tell which is which."""
    crowded = [False] * count
    for variants, repeated in zip(nodes.contents, nodes.repeated, strict=True):
        for variant in variants if repeated else ():
            crowded[variant] = True
    return crowded


def _variants(nodes: Nodes) -> tuple[Ints, Ints]:
    """Node and content code of each content of each node."""
    owners = [node for node, variants in enumerate(nodes.contents) for _ in variants]
    codes = [code for variants in nodes.contents for code in variants]
    return np.array(owners, np.int64), np.array(codes, np.int64)


def _same_but_for_slips(ours: Content, theirs: Content) -> bool:
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
