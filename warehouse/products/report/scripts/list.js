// The rows of the list, and what each offers: its links, its collections, how to cite it.
const LONGEST = 1200; // characters of a summary that are shown
const NAMES = 3; // collections that are named beside a document

const makeRow = (listing, spans, collectionsOf, references, onChoose) => {
  const { id, title, date_text: date, summary, url, about } = listing;
  const isSafe = (row) => /^https?:\/\//.test(url[row] ?? "");

  const heading = (row, needles) => {
    const name = title[row] === null ? apart("(no title)") : withHits(title[row], needles);
    return element("span", isSafe(row) ? link(name, url[row]) : name, { class: "title" });
  };
  const shortened = (text) => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST)} …`);
  const whereListed = (row) => {
    const named = collectionsOf[row].slice(0, NAMES);
    const more = collectionsOf[row].slice(NAMES);
    const chooser = (value) => button(apart(value.name), () => onChoose(value), { class: "name" });
    const parts = named.flatMap((value, index) => [index ? "; " : "In ", chooser(value)]);
    const rest = button(`and ${number(more.length)} more`, () => rest.replaceWith(...more.flatMap((value, index) => [index ? "; " : "", chooser(value)])), { class: "name" });
    return element("small", more.length ? [...parts, "; ", rest] : parts);
  };
  const cite = (row) => {
    const made = element("details", element("summary", "Cite"), { class: "cite" });
    made.addEventListener("toggle", () => {
      if (made.childElementCount > 1) return;
      const text = element("p", apart(references.citation(row)));
      const done = element("span", "", { role: "status" });
      const copier = button("Copy citation", () => copy(references.citation(row), text, done));
      const saver = button("RIS", () => download(`${id[row]}.ris`, "application/x-research-info-systems", references.ris([row])));
      made.append(element("small", "As a note of the Chicago Manual of Style:"), text, copier, " ", saver, " ", done);
    });
    return made;
  };
  const offers = (row) => {
    const made = [link("Permalink", `#words=${id[row]}`, { title: `Finds this document in this report by its id, ${id[row]}` })];
    if (isSafe(row)) made.unshift(link("Captured copy", `https://web.archive.org/web/${about.read}/${url[row]}`, { title: "In the Wayback Machine: the capture that is nearest to the day on which the lists were read" }));
    return element("div", [...made, cite(row)], { class: "offers" });
  };
  const dateOf = (row, needles, periods) => {
    if (date[row] === null) return apart("no date");
    const isOfTime = spans[row] && periods.some((period) => isTouching(spans[row], period));
    return isOfTime ? apart(element("mark", date[row])) : withHits(date[row], needles);
  };

  return (row, query) => {
    const wanted = query.filter((term) => !term.excluded);
    const [needles, periods] = [wanted.map((term) => term.needle).filter((needle) => needle.trim()), wanted.map((term) => term.period).filter(Boolean)];
    const text = [heading(row, needles)];
    if (summary[row] !== null) text.push(element("p", withHits(shortened(summary[row]), needles)));
    if (collectionsOf[row].length) text.push(whereListed(row));
    text.push(offers(row));
    const cells = [dateOf(row, needles, periods), text, number(collectionsOf[row].length)];
    return element("tr", cells.map((cell) => element("td", cell, { role: "cell" })), { role: "row" });
  };
};
