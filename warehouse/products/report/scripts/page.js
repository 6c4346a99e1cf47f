// The page: its state, which is in the URL behind `#`, and what people do.
const ROWS = 25;
const ORDERS = {
  match: ["Best match first: dates and ids, then titles, then summaries; the newest of equal ones first."],
  date: ["Oldest first; those without a date last.", "Newest first; those without a date last."],
  title: ["By title.", "By title, backwards."],
  collections: ["Those in the fewest collections first.", "Those in the most collections first."],
};

const unpack = async () => {
  const packed = atob(find("packed").textContent);
  const bytes = new Uint8Array(packed.length);
  for (let at = 0; at < packed.length; at++) bytes[at] = packed.charCodeAt(at);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
};

const run = async () => {
  find("finder").hidden = find("results").hidden = false;
  const listing = await unpack();
  const count = listing.title.length;
  const { values, collectionsOf, termsOf } = makeValues(listing.groups, count);
  const search = makeSearch(listing);
  const labels = ["collections", ...listing.groups.filter(({ param }) => param === "term").map(({ label }) => label.toLowerCase())];
  const named = (row, label) => (label === "collections" ? collectionsOf[row] : termsOf[row].filter(({ group }) => group.label.toLowerCase() === label));
  const references = makeReferences(listing, labels, (row, label) => named(row, label).map((value) => value.name));
  const table = document.querySelector("table.documents");

  // The state, and the URL that stands for it.
  const NONE = { words: "", from: "", to: "", chosen: [], sort: null, descending: false, page: 1 };
  let state = NONE;
  const isYear = (text) => /^\d{1,4}$/.test(text);
  const year = (text) => (isYear(text) ? text.padStart(4, "0") : "");
  const fragment = () => {
    const entries = [["words", state.words], ["from", state.from], ["to", state.to]];
    entries.push(...state.chosen.map((value) => [value.param, value.id]));
    entries.push(["sort", state.sort ?? ""], ["order", state.descending ? "down" : ""], ["page", state.page > 1 ? state.page : ""]);
    return new URLSearchParams(entries.filter(([, value]) => value !== "")).toString();
  };
  const stateOf = (text) => {
    const asked = new URLSearchParams(text);
    const get = (name) => asked.get(name) ?? "";
    return {
      words: get("words"),
      from: year(get("from")),
      to: year(get("to")),
      chosen: values.filter((value) => asked.getAll(value.param).includes(value.id)),
      sort: Object.hasOwn(ORDERS, get("sort")) ? get("sort") : null,
      descending: get("order") === "down",
      page: Math.max(1, Math.floor(Number(get("page"))) || 1),
    };
  };
  // Back leads to what was asked before, not to each letter that was typed.
  const change = (changes, isTyping = false) => {
    state = { ...state, page: 1, ...changes };
    const before = location.href;
    const address = `#${fragment()}`;
    if (new URL(address, before).href !== before) history[isTyping && change.wasTyping ? "replaceState" : "pushState"](null, "", address);
    change.wasTyping = isTyping;
    show();
  };
  const readAddress = () => {
    const text = location.hash.slice(1);
    if (text && !text.includes("=")) return false; // a section of the page
    state = stateOf(text);
    change.wasTyping = false;
    show();
    return text !== "";
  };
  const choose = (value) => change({ chosen: state.chosen.includes(value) ? state.chosen.filter((each) => each !== value) : [...state.chosen, value] });

  const rowOf = makeRow(listing, search.spans, collectionsOf, references, choose);
  const showFacets = makeFacets(listing.groups, values, find("facets"), choose);

  let [matches, sort, pages] = [[], "date", 1]; // what is shown
  const matching = (query) => {
    const sets = state.chosen.map((value) => new Set(value.rows));
    const ranks = search.match(query, yearsPeriod(state.from, state.to), (row) => sets.every((set) => set.has(row)));
    if (sort !== "match") return [ranks, search.orderBy(sort, state.descending, collectionsOf).filter((row) => ranks.has(row))];
    const newest = search.orderBy("date", true, collectionsOf).filter((row) => ranks.has(row));
    return [ranks, newest.sort((a, b) => ranks.get(a) - ranks.get(b))];
  };

  const yearsName = () => {
    if (state.from === state.to) return `${Number(state.from)}`;
    if (!state.to) return `From ${Number(state.from)}`;
    return state.from ? `${Number(state.from)} to ${Number(state.to)}` : `To ${Number(state.to)}`;
  };
  const showChosen = () => {
    const taken = state.chosen.map((value) => [apart(value.name), () => choose(value)]);
    if (state.from || state.to) taken.push([yearsName(), () => change({ from: "", to: "" })]);
    const chips = taken.map(([name, remove]) => element("li", button([element("span", "Without ", { class: "unseen" }), name, element("span", " ✕", { "aria-hidden": "true" })], remove)));
    if (taken.length || state.words) chips.push(element("li", button("Clear all", () => change(NONE))));
    find("chosen").replaceChildren(...chips);
    document.querySelectorAll(".year-chart .bar").forEach(({ classList, dataset }) => {
      classList.toggle("out", Number(dataset.last) < Number(state.from) || (state.to !== "" && Number(dataset.first) > Number(state.to)));
    });
  };
  const showFields = () => {
    for (const name of ["words", "from", "to"]) {
      const isSame = name === "words" ? find(name).value === state[name] : year(find(name).value) === state[name];
      if (!isSame) find(name).value = name === "words" ? state[name] : state[name].replace(/^0+/, "");
    }
    const decade = `${Number(state.from)}-${Number(state.to)}`;
    find("decade").value = Array.from(find("decade").options).some((option) => option.value === decade) ? decade : "";
  };
  const showOrder = (isSearch) => {
    find("order").textContent = ORDERS[sort][Number(state.descending && sort !== "match")];
    find("best").hidden = !isSearch || sort === "match";
    table.querySelectorAll("thead th").forEach((cell) => {
      const chosen = cell.firstElementChild.dataset.sort === sort;
      if (chosen) cell.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
  };
  const showPages = () => {
    find("page").value = state.page;
    find("page").max = pages;
    find("pages").textContent = `of ${number(pages)}`;
    // Not `disabled`, which would take the focus away from who turns pages by keyboard.
    for (const [name, isEnd] of [["first", state.page === 1], ["previous", state.page === 1], ["next", state.page === pages], ["last", state.page === pages]]) {
      find(name).setAttribute("aria-disabled", isEnd);
    }
  };

  const show = () => {
    const query = parseQuery(state.words);
    const isSearch = query.length > 0;
    sort = state.sort ?? (isSearch ? "match" : "date");
    const [ranks, found] = matching(query);
    matches = found;
    pages = Math.max(1, Math.ceil(matches.length / ROWS));
    state.page = Math.min(state.page, pages);
    const first = (state.page - 1) * ROWS;
    const shown = matches.slice(first, first + ROWS);
    table.tBodies[0].replaceChildren(...shown.map((row) => rowOf(row, query)));
    const all = many(count, "document", "documents");
    const hits = matches.length === count ? all : `${number(matches.length)} of ${all}`;
    const range = `${number(first + 1)} to ${number(first + shown.length)} are shown`;
    find("found").textContent = matches.length ? `${hits}; ${range}.` : "No document was found. Try fewer words, or fewer filters.";
    find("show").textContent = many(matches.length, "hit", "hits");
    find("downloads").hidden = !matches.length;
    showFields();
    showChosen();
    showOrder(isSearch);
    showPages();
    showFacets({ chosen: state.chosen, ranks });
  };

  // What people do.
  find("words").addEventListener("input", ({ target }) => change({ words: target.value }, true));
  for (const name of ["from", "to"]) {
    find(name).addEventListener("change", ({ target }) => {
      target.setAttribute("aria-invalid", target.value !== "" && !isYear(target.value));
      change({ [name]: year(target.value) });
    });
  }
  const chooseYears = (from, to) => change({ from: year(String(from)), to: year(String(to)) });
  find("decade").addEventListener("change", ({ target }) => chooseYears(...(target.value ? target.value.split("-") : ["", ""])));
  document.querySelectorAll(".year-chart").forEach((chart) => {
    chart.addEventListener("click", ({ target }) => {
      const bar = target.closest(".bar");
      if (!bar) return;
      const { first, last } = bar.dataset;
      const isChosen = Number(state.from) === Number(first) && Number(state.to) === Number(last);
      chooseYears(...(isChosen ? ["", ""] : [first, last]));
    });
  });
  table.tHead.addEventListener("click", ({ target }) => {
    const key = target.dataset.sort;
    if (key) change({ sort: key, descending: key === sort && !state.descending });
  });
  find("best").addEventListener("click", () => change({ sort: null, descending: false }));
  const turnTo = (asked) => {
    const page = Math.min(Math.max(1, Math.floor(asked) || state.page), pages);
    find("page").value = page;
    if (page === state.page) return;
    change({ page });
    table.scrollIntoView({ block: "start" });
  };
  const turns = { first: () => 1, previous: () => state.page - 1, next: () => state.page + 1, last: () => pages };
  Object.entries(turns).forEach(([name, page]) => find(name).addEventListener("click", () => turnTo(page())));
  find("page").addEventListener("change", ({ target }) => turnTo(Number(target.value)));
  const name = `wcda-${listing.about.snapshot}`;
  find("csv").addEventListener("click", () => download(`${name}.csv`, "text/csv", references.csv(matches)));
  find("ris").addEventListener("click", () => download(`${name}.ris`, "application/x-research-info-systems", references.ris(matches)));
  addEventListener("popstate", readAddress);
  document.addEventListener("click", ({ target }) => /^#.*=/.test(target.closest("a")?.hash) && find("documents").scrollIntoView());
  const showHits = () => document.querySelector(".hits").scrollIntoView();
  find("show").addEventListener("click", showHits);
  find("words").addEventListener("keydown", ({ key }) => key === "Enter" && showHits());

  if (readAddress()) find("documents").scrollIntoView();
  else if (state === NONE) show();
  table.setAttribute("aria-busy", "false");
  setTimeout(search.prepare, 0, 0);
};

run().catch((error) => {
  find("found").textContent = "This browser cannot unpack the list; documents.parquet, beside this file, has the same.";
  throw error;
});
