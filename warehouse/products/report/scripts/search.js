// Finds and orders documents: which rows match, and how well.
const makeSearch = ({ id, title, date_text: date, date_edtf: edtf, summary, dated }) => {
  const count = title.length;
  const rows = Array.from({ length: count }, (_, row) => row);
  const spans = edtf.map((text) => (text === null ? null : spanOf(text)));
  const texts = new Array(count);
  const heads = new Array(count); // characters of `texts` that are date and title
  const textOf = (row) => {
    if (texts[row] === undefined) {
      const head = `${fold(date[row] ?? "")}\n${fold(title[row] ?? "")}`;
      heads[row] = head.length;
      texts[row] = `${head}\n${fold(summary[row] ?? "")}`;
    }
    return texts[row];
  };
  // What a search looks through is made before one searches, a little at a time.
  const prepare = (from = 0) => {
    const until = Math.min(from + 500, count);
    for (let row = from; row < until; row++) textOf(row);
    if (until < count) setTimeout(prepare, 0, until);
  };

  // How well a row matches a term, 0 is best; null if it does not. The page and docs/commands.md state this order, and
  // wcda/search.py has the same.
  const rank = (row, { needle, period, id: wanted }) => {
    const span = spans[row];
    if (wanted && id[row].startsWith(wanted)) return 0;
    if (period && span && isWithin(span, period)) return 0;
    const at = needle.trim() ? textOf(row).indexOf(needle) : -1;
    if (at !== -1 && at < heads[row]) return 1;
    if (period && span && isTouching(span, period)) return 2;
    return at === -1 ? null : 3;
  };
  // The beginning of an id can be a word or a year (`dead`, `1962`): it counts in full, or where nothing else is found.
  const decided = (term) => {
    const asWords = { ...term, id: null };
    if (term.id === null || term.id.length === 16) return term;
    return rows.some((row) => rank(row, asWords) !== null) ? asWords : term;
  };

  const compare = new Intl.Collator("en", { sensitivity: "base" }).compare;
  const withTitle = () => rows.filter((row) => title[row] !== null).sort((a, b) => compare(title[a], title[b]));
  const orders = {};
  // Rows in an order; those without a value come last, whichever way.
  const orderBy = (key, descending, listedIn) => {
    const makers = {
      date: () => [rows.slice(0, dated), rows.slice(dated)],
      title: () => [withTitle(), rows.filter((row) => title[row] === null)],
      collections: () => [[...rows].sort((a, b) => listedIn[a].length - listedIn[b].length), []],
    };
    const [valued, without] = (orders[key] ??= makers[key]());
    return [...(descending ? [...valued].reverse() : valued), ...without];
  };

  return { prepare, orderBy, spans, match: (query, period, isChosen) => {
    const terms = query.map(decided);
    const [wanted, unwanted] = [terms.filter((term) => !term.excluded), terms.filter((term) => term.excluded)];
    const ranks = new Map();
    for (const row of rows) {
      if (!isChosen(row) || (period && !(spans[row] && isTouching(spans[row], period)))) continue;
      if (unwanted.some((term) => rank(row, term) !== null)) continue;
      const found = wanted.map((term) => rank(row, term));
      if (!found.includes(null)) ranks.set(row, found.reduce((sum, each) => sum + each, 0));
    }
    return ranks;
  } };
};
