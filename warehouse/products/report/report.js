"use strict";
// The searchable list of documents. Unpacks what the page holds, asks nobody, and writes texts, never markup.
(async () => {
  const ROWS = 25;
  const LONGEST = 1200; // characters of a summary that are shown
  const NAMES = 3; // collections that are named beside a document
  const find = (id) => document.getElementById(id);
  const [finder, words, collection, found, page] = ["finder", "words", "collection", "found", "page"].map(find);
  const table = document.querySelector("table.documents");
  const body = table.tBodies[0];
  finder.hidden = false;

  const packed = atob(find("packed").textContent);
  const bytes = new Uint8Array(packed.length);
  for (let at = 0; at < packed.length; at++) bytes[at] = packed.charCodeAt(at);
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const listing = await new Response(unpacked).json();
  const { title, date_text: date, summary, url, listed: listedIn, dated, collections } = listing;
  const count = title.length;
  const number = new Intl.NumberFormat("en");

  const totals = collections.map(() => 0);
  listedIn.forEach((places) => places.forEach((place) => totals[place]++));
  collections.forEach((name, place) => collection.add(new Option(`${name} (${number.format(totals[place])})`, place)));

  // As people type: without accents, capitals and typographic quotes.
  const simple = (text) => text.normalize("NFKD").replace(/\p{M}+/gu, "").replace(/[‘’]/g, "'").replace(/[“”]/g, '"');
  const plain = (text) => (/^[\x00-\x7f]*$/.test(text) ? text : simple(text)).toLowerCase();
  const texts = new Array(count);
  const textOf = (row) => (texts[row] ??= plain([date[row], title[row], summary[row]].join("\n")));
  // What a search looks through is made before one searches, a little at a time.
  const prepare = (from) => {
    const until = Math.min(from + 500, count);
    for (let row = from; row < until; row++) textOf(row);
    if (until < count) setTimeout(prepare, 0, until);
  };

  const compare = new Intl.Collator("en", { sensitivity: "base" }).compare;
  const rows = Array.from({ length: count }, (_, row) => row);
  const sorted = {
    date: () => [rows.slice(0, dated), rows.slice(dated)],
    title: () => [
      rows.filter((row) => title[row] !== null).sort((a, b) => compare(title[a], title[b])),
      rows.filter((row) => title[row] === null),
    ],
    collections: () => [[...rows].sort((a, b) => listedIn[a].length - listedIn[b].length), []],
  };
  const orders = {};
  // Rows in the order that is asked for; those without a value come last, whichever way.
  const orderBy = (key, descending) => {
    const [valued, without] = (orders[key] ??= sorted[key]());
    return [...(descending ? [...valued].reverse() : valued), ...without];
  };

  const state = { sort: "date", descending: false, page: 0 };

  const matching = () => {
    const wanted = plain(words.value).split(/\s+/).filter(Boolean);
    const chosen = collection.value === "" ? null : Number(collection.value);
    return orderBy(state.sort, state.descending).filter(
      (row) => (chosen === null || listedIn[row].includes(chosen)) && wanted.every((word) => textOf(row).includes(word)),
    );
  };

  const element = (name, content, attributes = {}) => {
    const made = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...[content].flat());
    return made;
  };
  const apart = (text) => element("bdi", text);
  const shortened = (text) => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST)} …`);
  const heading = (row) => {
    const name = apart(title[row] ?? "(no title)");
    const safe = /^https?:\/\//.test(url[row] ?? "");
    return element("span", safe ? element("a", name, { href: url[row], rel: "noreferrer" }) : name, { class: "title" });
  };
  const whereListed = (row) => {
    const named = listedIn[row].slice(0, NAMES).map((place) => collections[place]);
    const more = listedIn[row].length - named.length;
    const parts = named.flatMap((name, index) => [index ? "; " : "In ", apart(name)]);
    return element("small", [...parts, more ? `; and ${number.format(more)} more` : ""]);
  };
  const rowOf = (row) => {
    const text = [heading(row)];
    if (summary[row] !== null) text.push(element("p", apart(shortened(summary[row]))));
    if (listedIn[row].length) text.push(whereListed(row));
    const cells = [apart(date[row] ?? "no date"), text, number.format(listedIn[row].length)];
    return element("tr", cells.map((cell) => element("td", cell, { role: "cell" })), { role: "row" });
  };

  const show = () => {
    const matches = matching();
    const pages = Math.max(1, Math.ceil(matches.length / ROWS));
    state.page = Math.min(state.page, pages - 1);
    const first = state.page * ROWS;
    const shown = matches.slice(first, first + ROWS);
    body.replaceChildren(...shown.map(rowOf));
    const all = number.format(count);
    const range = `${number.format(first + 1)} to ${number.format(first + shown.length)} are shown`;
    const many = matches.length === count ? `${all} documents` : `${number.format(matches.length)} of ${all} documents`;
    found.textContent = matches.length ? `${many}; ${range}.` : "No document was found. Try fewer words, or another collection.";
    page.textContent = `Page ${number.format(state.page + 1)} of ${number.format(pages)}`;
    // Not `disabled`, which would take the focus away from who turns pages by keyboard.
    find("previous").setAttribute("aria-disabled", state.page === 0);
    find("next").setAttribute("aria-disabled", state.page === pages - 1);
    table.querySelectorAll("thead th").forEach((cell) => {
      const chosen = cell.firstElementChild.dataset.sort === state.sort;
      if (chosen) cell.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
  };

  const change = (changes) => {
    Object.assign(state, { page: 0 }, changes);
    show();
  };
  words.addEventListener("input", () => change({}));
  collection.addEventListener("change", () => change({}));
  table.tHead.addEventListener("click", ({ target }) => {
    const key = target.dataset.sort;
    if (key) change({ sort: key, descending: key === state.sort && !state.descending });
  });
  const turn = ({ currentTarget }, by) => {
    if (currentTarget.getAttribute("aria-disabled") === "true") return;
    change({ page: state.page + by });
    table.scrollIntoView({ block: "start" });
  };
  find("previous").addEventListener("click", (event) => turn(event, -1));
  find("next").addEventListener("click", (event) => turn(event, 1));

  show();
  table.setAttribute("aria-busy", "false");
  setTimeout(prepare, 0, 0);
})().catch((error) => {
  document.getElementById("found").textContent = "This browser cannot unpack the list; documents.parquet, beside this file, has the same.";
  throw error;
});
