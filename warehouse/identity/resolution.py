"""Entity resolution: from entries to documents, by rules in a stated order.

1. `address`: the same canonical address is the same document.
2. `alias`: the archive itself says that two addresses are one document's, by a redirect or by the address to cite;
   nothing else says so. It holds also of two present-day addresses, and through addresses that no entry has, unless
   it is not plausible (`plausibility`).
3. `content`: date, title and summary equal to the letter. An entry without an address that equals two addressed
   documents joins neither.
4. `normalised`: equal but for case, quotes, dashes, white space and the way in which the date is written.
5. `similar`: same date, or none on one side; title and summary differ only by typos (`wording`).

A person's decision comes before all of them (rule `decision`). Two present-day addresses (by slug), or two with
numbers, are never joined by the rules from 3 on; they become a candidate pair. Proposals are taken by rule, then score,
then key, so that no order of the input matters. Each is refused, an alias too, that would bring together what a person
declared different, be it through others; and from 3 on, two entries of one page, or two dates. Near matching looks only
at neighbours within sorted blocks (the sorted neighbourhood method, Hernández and Stolfo 1995), so that the cost grows
with the number of entries.
"""

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.identifiers import stable_id
from schemas.records import Alias
from warehouse.codes import Bools, Floats, Ints, codes_of, combine, extremes, ranks_of
from warehouse.identity.aliases import find_alias_pairs
from warehouse.identity.clusters import Clusters
from warehouse.identity.decisions import Decision
from warehouse.identity.neighbours import find_neighbours, similarity
from warehouse.identity.nodes import (
    Contents,
    Nodes,
    Part,
    dates_of,
    find_contents,
    find_nodes,
    pages_of,
    with_addresses,
)
from warehouse.identity.plausibility import DoubtfulAlias, split_plausible
from warehouse.identity.wording import differs_only_by_typos

_RULES = ("decision", "alias", "content", "normalised", "similar")
_DECISION, _ALIAS, _CONTENT, _NORMALISED, _SIMILAR = range(len(_RULES))
_WEAKNESS = {_ALIAS: 0, _CONTENT: 1, _NORMALISED: 2, _SIMILAR: 3, _DECISION: 4}
"""A decision is reported before all else: without it the document would be another."""
_MIN_TITLE_SIMILARITY = 90
_MIN_SUMMARY_SIMILARITY = 85
"""Similarity, of 100, from which a pair is worth a person's look."""
_MIN_WORDS = 6
"""A summary with fewer words is no evidence."""

_Proposal = tuple[int, int, int, float, str]
"""Node, node, rank of the rule, score, evidence."""

_Near = tuple[int, int, float, str]
"""Node, node, score, evidence."""

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
_NOTED = pa.schema(
    [
        ("left", pa.int64()),
        ("right", pa.int64()),
        ("score", pa.float64()),
        ("evidence", pa.dictionary(pa.int32(), pa.string())),
    ]
)
"""Near-duplicates, by node."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Which entries are the same document.

    Attributes:
        entries: The entries as given, in the same order, with `document_id` and `rule` added.
        keys: Every natural key (`address:…`, `content:…`) with its document, and the id that each key would give
            alone (`id:…`), so that an id once published still resolves. Also of an address that no entry has and that
            an alias says to be a document's.
        pairs: Near-duplicates that were not merged, as `candidate_pairs`.
        unknown: Decisions about a key that no entry has, nor an alias of one.
        doubtful: Aliases that joined nothing, since they are not plausible.
    """

    entries: pa.Table
    keys: pa.Table
    pairs: pa.Table
    unknown: tuple[Decision, ...] = ()
    doubtful: tuple[DoubtfulAlias, ...] = ()


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
def resolve(entries: pa.Table, decisions: Sequence[Decision] = (), aliases: Sequence[Alias] = ()) -> Resolution:
    """Give each entry its document.

    Args:
        entries: page_id, position, date_text, title, summary, url; page_id and position name an entry.
        decisions: Checked by `decisions.parse_decisions`.
        aliases: Of canonical addresses; in any order, and however often the same.
    """
    page, position = codes_of(entries["page_id"])[0], entries["position"].to_numpy()
    content_of_entry, contents = find_contents(entries)
    nodes = find_nodes(entries["url"], page, position, content_of_entry, contents)
    places = {key: node for node, key in enumerate(nodes.keys)}
    decided_pairs = {frozenset((each.left, each.right)) for each in decisions}
    same_by_alias, doubtful = split_plausible(find_alias_pairs(aliases, places), decided_pairs, places, nodes, contents)
    unseen = sorted({key for left, right, _ in same_by_alias for key in (left, right)} - places.keys())
    nodes = with_addresses(nodes, unseen)
    places |= {key: node for node, key in enumerate(unseen, len(places))}
    known = [each for each in decisions if each.left in places and each.right in places]
    cannot_link = [(places[each.left], places[each.right]) for each in known if each.decision == "different"]
    dates = dates_of(nodes, contents)
    pages = pages_of(nodes.of_entry, page, len(nodes.keys))
    clusters = Clusters(pages, nodes.slugs, nodes.addressed, dates.tolist(), cannot_link)
    outcome = _Outcome(nodes, contents, clusters, dates)
    decided = [(each.left, each.right, "decided") for each in known if each.decision == "same"]
    for rank, pairs in ((_DECISION, decided), (_ALIAS, same_by_alias)):
        outcome.propose([(places[left], places[right], rank, 1.0, evidence) for left, right, evidence in pairs])
    _propose_equal(outcome)
    _propose_similar(outcome)
    resolution = _publish(entries, outcome, cannot_link)
    keys = resolution.keys
    if cannot_link:
        undivided = resolve(entries, [each for each in known if each.decision == "same"], aliases)
        keys = pa.concat_tables([keys, _ids_of_the_divided(undivided.keys, keys)])
    unknown = tuple(each for each in decisions if each.left not in places or each.right not in places)
    return replace(resolution, keys=keys, unknown=unknown, doubtful=doubtful)


def _ids_of_the_divided(undivided: pa.Table, keys: pa.Table) -> pa.Table:
    """The id of each document that decisions took apart, with each document that it became."""
    present = dict(zip(keys["key"].to_pylist(), keys["document_id"].to_pylist(), strict=True))
    parts: dict[str, set[str]] = defaultdict(set)
    for key, former, kind in zip(*(column.to_pylist() for column in undivided.columns), strict=True):
        if kind != "id" and key in present:  # an address without entries may have been taken from its document
            parts[former].add(present[key])
    rows = [
        ("id:" + former, document, "id")
        for former, documents in parts.items()
        for document in documents
        if present.get("id:" + former) != document
    ]
    return pa.table([list(column) for column in zip(*rows, strict=True)] or [[], [], []], schema=KEY_SCHEMA)


class _Outcome:
    """Joins that were made, by which rule, and pairs that were not joined."""

    def __init__(self, nodes: Nodes, contents: Contents, clusters: Clusters, dates: Ints) -> None:
        self.nodes = nodes
        self.dates = dates
        self.contents = contents
        self.clusters = clusters
        self.order: list[int] = ranks_of(pa.array(nodes.keys, pa.string())).tolist()
        self.edges: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.noted = [_NOTED.empty_table()]

    def propose(self, proposals: Iterable[_Proposal]) -> None:
        """Take proposals in their order of strength, which keys settle where it is equal; note those refused."""
        order, clusters = self.order, self.clusters
        refused: list[_Near] = []
        sorted_proposals = sorted(
            (rank, -score, min(order[left], order[right]), max(order[left], order[right]), left, right, evidence)
            for left, right, rank, score, evidence in proposals
        )
        for rank, cost, _, _, left, right, evidence in sorted_proposals:
            one, other = clusters.find(left), clusters.find(right)
            if one == other:
                continue
            refusal = clusters.refusal(one, other, asserted=rank in {_DECISION, _ALIAS}, fuzzy=rank == _SIMILAR)
            if refusal is None:
                clusters.join(one, other)
                self.edges[left].append((right, rank))
                self.edges[right].append((left, rank))
            else:
                refused.append((left, right, -cost, f"{evidence}; {refusal}"))
        self.note(refused)

    def note(self, near: Sequence[_Near]) -> None:
        """Remember near-duplicates that are not joined."""
        if near:
            left, right, scores, evidence = zip(*near, strict=True)
            texts = pa.array(evidence, pa.string()).dictionary_encode()
            self.note_columns(np.array(left), np.array(right), np.array(scores, np.float64), texts)

    def note_columns(self, left: Ints, right: Ints, scores: Floats, evidence: pa.Array) -> None:
        """Remember near-duplicates, column by column: there can be several for each document."""
        columns = [left, right, scores, evidence]
        self.noted.append(pa.table(columns, schema=_NOTED))


def _propose_equal(outcome: _Outcome) -> None:
    """The rules `content` and `normalised`: nodes that share a content, to the letter or normalised."""
    contents, codes = outcome.contents, outcome.nodes.contents
    for rank, evidence, code in (
        (_CONTENT, "equal", codes),
        (_NORMALISED, "equal after normalising", contents.plain[codes]),
    ):
        proposals: list[_Proposal] = []
        for group, content in _groups(outcome, code):
            group.sort(key=outcome.order.__getitem__)
            parts = contents.date.plain_of(content), contents.title.text_of(content), contents.summary.text_of(content)
            proposals += _within_group(group, rank, evidence, outcome, whole=all(parts))
        outcome.propose(proposals)


def _groups(outcome: _Outcome, code: Ints) -> Iterator[tuple[list[int], int]]:
    """Nodes that share a code and are not all joined yet, with a content of theirs."""
    order = np.argsort(code, kind="stable")
    owners, leaders = outcome.nodes.owners[order], outcome.clusters.leaders()
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    least, greatest = extremes(code, leaders[outcome.nodes.owners], len(code))
    several = (least < greatest)[code[order[starts]]]
    ends = np.append(starts[1:], len(order))
    for start, end in zip(starts[several].tolist(), ends[several].tolist(), strict=True):
        yield list(dict.fromkeys(owners[start:end].tolist())), int(outcome.nodes.contents[order[start]])


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
        chain = pairwise([*addressed, *blocks])
        outcome.note([(left, right, 1.0, f"{evidence}; nobody can tell which") for left, right in chain])
    return []


def _propose_similar(outcome: _Outcome) -> None:
    """The rule `similar`; near-duplicates that are not joined are noted as a pair.

    An entry that is like two documents with addresses, or lacks the date and is like two with different dates, joins
    neither.
    """
    left, right, scores, joins, evidence = _similar_pairs(outcome)
    addressed = np.array(outcome.nodes.addressed, np.bool_)
    joins &= ~(addressed[left] & addressed[right])
    apart = np.flatnonzero(~joins)
    outcome.note_columns(left[apart], right[apart], scores[apart], evidence.take(pa.array(apart)))
    unclear = _ambiguous(outcome, left[joins], right[joins])
    proposals: list[_Proposal] = []
    several: list[_Near] = []
    for place in np.flatnonzero(joins).tolist():
        one, other, score, why = int(left[place]), int(right[place]), float(scores[place]), evidence[place].as_py()
        if unclear[one] or unclear[other]:
            several.append((one, other, score, f"{why}; like several documents"))
        else:
            proposals.append((one, other, _SIMILAR, score, why))
    outcome.note(several)
    outcome.propose(proposals)


def _ambiguous(outcome: _Outcome, left: Ints, right: Ints) -> Bools:
    """Whether each node is like several documents with addresses, or lacks the date and is like several dates."""
    node, other = np.concatenate((left, right)), np.concatenate((right, left))
    addressed, dates, leaders = np.array(outcome.nodes.addressed, np.bool_), outcome.dates, outcome.clusters.leaders()
    several = np.zeros(len(dates), np.bool_)
    for candidates in (np.where(addressed[other], leaders[other], -1), np.where(dates[node] < 0, dates[other], -1)):
        least, greatest = extremes(node, candidates, len(dates))
        several |= least < greatest
    return several


def _similar_pairs(outcome: _Outcome) -> tuple[Ints, Ints, Floats, Bools, pa.Array]:
    """Pairs of nodes that are not joined yet and are similar: nodes, score, whether the rule would join, evidence."""
    contents, nodes = outcome.contents, outcome.nodes
    date, title, summary = contents.date, contents.title, contents.summary
    sorted_places = _by_key_and_text(outcome)
    owners, codes = nodes.owners[sorted_places], nodes.contents[sorted_places]
    left, right = find_neighbours(date.ranks[codes], title.ranks[codes], summary.ranks[codes])
    leaders = outcome.clusters.leaders()[owners]
    plain = contents.plain[codes]
    # What is equal after normalising, the rules of equality have judged.
    apart = (leaders[left] != leaders[right]) & (plain[left] != plain[right])
    left, right = left[apart], right[apart]
    title_scores = _similarity(title, codes[left], codes[right], _MIN_TITLE_SIMILARITY)
    near = title_scores >= _MIN_TITLE_SIMILARITY
    left, right, title_scores = left[near], right[near], title_scores[near]
    summary_scores = _similarity(summary, codes[left], codes[right], _MIN_SUMMARY_SIMILARITY)
    summarised = summary.lengths[codes] > 0
    both = summarised[left] & summarised[right]
    near = ~both | (summary_scores >= _MIN_SUMMARY_SIMILARITY)
    left, right, title_scores, summary_scores, both = (
        column[near] for column in (left, right, title_scores, summary_scores, both)
    )
    ours, theirs = codes[left], codes[right]
    joins = both & _may_join(outcome, ours, theirs)
    pairs = zip(ours[joins].tolist(), theirs[joins].tolist(), strict=True)
    joins[joins] = [_same_but_for_typos(contents, one, other) for one, other in pairs]
    scores = (title_scores + np.where(both, summary_scores, _MIN_SUMMARY_SIMILARITY)) / 200
    same_date = date.ranks[ours] == date.ranks[theirs]
    evidence = _evidence(title_scores, summary_scores, both, same_date)
    return owners[left], owners[right], scores, joins, evidence


def _similarity(part: Part, ours: Ints, theirs: Ints, least: int) -> Floats:
    return similarity(part.plain, part.places[ours], part.places[theirs], least)


def _by_key_and_text(outcome: _Outcome) -> Ints:
    """Places of the contents of nodes, sorted by key, then text: neighbours do not depend on the order of entries."""
    owners, codes, contents = outcome.nodes.owners, outcome.nodes.contents.tolist(), outcome.contents
    parts = contents.date, contents.title, contents.summary
    shared = np.flatnonzero(np.bincount(owners)[owners] > 1).tolist()  # few keys have several texts
    shared.sort(key=lambda place: ([part.text_of(codes[place]) or "" for part in parts], codes[place]))
    text = np.zeros(len(codes), np.int64)
    text[shared] = np.arange(len(shared))
    return np.lexsort((text, np.array(outcome.order, np.int64)[owners]))


def _may_join(outcome: _Outcome, ours: Ints, theirs: Ints) -> Bools:
    """Whether nothing beside the two contents of each pair speaks against their being one.

    That is another date with the words of either, or a page without addresses on which one stands several times, so
    that nobody can tell which is which.
    """
    nodes, contents = outcome.nodes, outcome.contents
    crowded = np.zeros(len(contents.plain), np.bool_)
    crowded[nodes.contents[np.array(nodes.repeated, np.bool_)[nodes.owners]]] = True
    words = combine(contents.title.ranks, contents.summary.ranks)
    least, greatest = (dates[words] for dates in extremes(words, contents.date.ranks, len(words)))
    one_date = np.maximum(greatest[ours], greatest[theirs]) <= np.minimum(least[ours], least[theirs])
    return one_date & ~(crowded[ours] | crowded[theirs])


def _evidence(title_scores: Floats, summary_scores: Floats, both: Bools, same_date: Bools) -> pa.Array:
    """What a person is shown of each pair of near-duplicates: many have the same, which is made once."""
    columns = np.rint(title_scores), np.rint(summary_scores), both, same_date
    kinds, places = np.unique(np.column_stack(columns).astype(np.int64), axis=0, return_inverse=True)
    texts = []
    for title, summary, has_both, has_same_date in kinds.tolist():
        summaries = f"summaries {summary} %" if has_both else "a summary absent"
        texts.append(f"titles {title} %, {summaries}, {'same date' if has_same_date else 'one without date'}")
    return pa.DictionaryArray.from_arrays(pa.array(places.ravel(), pa.int32()), pa.array(texts, pa.string()))


def _same_but_for_typos(contents: Contents, ours: int, theirs: int) -> bool:
    """Whether two contents with a title and a summary each say the same; a slip is forgiven on one side of the two."""
    dates, titles, summaries = contents.date.ranks, contents.title, contents.summary
    if min(summaries.plain_of(each).count(" ") for each in (ours, theirs)) < _MIN_WORDS - 1:
        return False
    if titles.ranks[ours] == titles.ranks[theirs]:
        return summaries.ranks[ours] == summaries.ranks[theirs] or differs_only_by_typos(
            summaries.text_of(ours) or "", summaries.text_of(theirs) or ""
        )
    return (
        dates[ours] == dates[theirs] != -1
        and summaries.ranks[ours] == summaries.ranks[theirs]
        and differs_only_by_typos(titles.text_of(ours) or "", titles.text_of(theirs) or "")
    )


def _publish(entries: pa.Table, outcome: _Outcome, cannot_link: Sequence[tuple[int, int]]) -> Resolution:
    nodes = outcome.nodes
    kinds = ["address" if addressed else "content" for addressed in nodes.addressed]
    ids = [stable_id(key) for key in nodes.keys]
    documents, rules = ids.copy(), kinds.copy()
    preference = _preference(outcome)
    for cluster in outcome.clusters.joined():
        best = min(cluster, key=preference.__getitem__)
        for node, rank in _joined_to(best, outcome.edges):
            rules[node] = _RULES[rank]
            documents[node] = ids[best]
    of_entry = pa.array(nodes.of_entry)
    resolved = entries.append_column("document_id", pa.array(documents, pa.string()).take(of_entry))
    resolved = resolved.append_column("rule", pa.array(rules, pa.string()).take(of_entry))
    # Addresses without entries that a decision keeps from every document that has some.
    lost = set(documents[_count_seen(nodes) :]).difference(documents[: _count_seen(nodes)])
    # Each natural key, and the id that it would give alone: whichever key was the best once, its id resolves.
    natural = pa.table([nodes.keys, documents, kinds], schema=KEY_SCHEMA)
    prefixed = pc.binary_join_element_wise("id:", pa.array(ids, pa.string()), "")
    own = pa.table([prefixed, documents, ["id"] * len(ids)], schema=KEY_SCHEMA)
    keys = pa.concat_tables([natural, own])
    if lost:
        keys = keys.filter(pc.invert(pc.is_in(keys["document_id"], value_set=pa.array(sorted(lost)))))
    return Resolution(resolved, keys, _pairs(outcome, documents, cannot_link, lost))


def _count_seen(nodes: Nodes) -> int:
    """How many nodes have entries; those are the first."""
    return int(nodes.of_entry.max(initial=-1)) + 1


def _joined_to(best: int, edges: dict[int, list[tuple[int, int]]]) -> Iterator[tuple[int, int]]:
    """Every other node of a document, with the weakest rule on the way from the best one to it."""
    reached = {best: _ALIAS}
    waiting = [best]
    while waiting:
        node = waiting.pop()
        for other, rank in edges.get(node, ()):
            if other not in reached:
                reached[other] = max(reached[node], rank, key=_WEAKNESS.__getitem__)
                waiting.append(other)
                yield other, reached[other]


def _preference(outcome: _Outcome) -> list[int]:
    """Place of each node among those to name a document after: slug, number, then the most informative; then key.

    A content is more informative if it has more parts, or longer ones.
    """
    nodes, contents = outcome.nodes, outcome.contents
    addressed = np.array(nodes.addressed, np.bool_)
    lengths = [part.lengths[nodes.shown] for part in (contents.title, contents.summary, contents.date)]
    title, summary, _ = (np.where(addressed, 0, np.maximum(length, 0)) for length in lengths)
    parts = np.where(addressed, 0, sum(length >= 0 for length in lengths))
    kind = addressed.astype(np.int64) + np.array(nodes.slugs, np.bool_)
    preference = np.empty(len(nodes.keys), np.int64)
    preference[np.lexsort((np.array(outcome.order), -title, -summary, -parts, -kind))] = np.arange(len(nodes.keys))
    return preference.tolist()


def _pairs(outcome: _Outcome, documents: list[str], cannot_link: Sequence[tuple[int, int]], lost: Set[str]) -> pa.Table:
    """Near-duplicates, and those that a person declared different; without those that are lost.

    Each pair stands once, with its strongest evidence.
    """
    outcome.note([(left, right, 0.0, "a decision alone") for left, right in cannot_link])
    ids = pa.array(sorted(set(documents).difference(lost)), pa.string())
    ranks = pc.index_in(pa.array(documents, pa.string()), value_set=ids).fill_null(-1).to_numpy().astype(np.int64)

    def pairs_of(left: Ints, right: Ints) -> Ints:
        """A number for each pair of documents, by which they are in order; -1 for one that is none."""
        one, other = np.minimum(ranks[left], ranks[right]), np.maximum(ranks[left], ranks[right])
        return np.where((one >= 0) & (one < other), one * len(ids) + other, -1)

    noted = pa.concat_tables(outcome.noted)
    evidence = noted["evidence"].cast(pa.string()).combine_chunks()
    pairs, scores = pairs_of(noted["left"].to_numpy(), noted["right"].to_numpy()), noted["score"].to_numpy()
    order = np.lexsort((ranks_of(evidence), scores, pairs))
    strongest = order[(np.diff(pairs[order], append=-2) != 0) & (pairs[order] >= 0)]
    declared = np.array(cannot_link, np.int64).reshape(-1, 2)
    is_declared = np.isin(pairs[strongest], pairs_of(declared[:, 0], declared[:, 1]))
    columns = [
        *(ids.take(pa.array(place)) for place in np.divmod(pairs[strongest], max(len(ids), 1))),
        pa.array(scores[strongest]),
        evidence.take(pa.array(strongest)),
        pc.if_else(pa.array(is_declared), "different", pa.scalar(None, pa.string())),
    ]
    return pa.table(columns, schema=PAIR_SCHEMA)
