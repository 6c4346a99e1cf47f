// Filters by name: collections by kind, and what the pages of documents name.
const SHOWN_NAMES = 40;

// Values by name: each has param and id (which name it in the URL), and the rows that it stands for.
const makeValues = (groups, count) => {
  const values = groups.flatMap((group) =>
    group.ids.map((id, place) => {
      let row = 0;
      return { group, param: group.param, id, name: group.names[place], rows: group.rows[place].map((step) => (row += step)) };
    }),
  );
  const of = (param) => {
    const lists = Array.from({ length: count }, () => []);
    values.filter((value) => value.param === param).forEach((value) => value.rows.forEach((row) => lists[row].push(value)));
    return lists;
  };
  return { values, collectionsOf: of("in"), termsOf: of("term") };
};

const makeFacets = (groups, values, place, onChoose) => {
  const panels = groups.map((group) => {
    const { param, label } = group;
    const own = values.filter((value) => value.group === group);
    const [filter, list, note] = [element("input", "", { type: "search", autocomplete: "off" }), element("ul", ""), element("p", "")];
    const body = own.length > SHOWN_NAMES ? [element("label", ["Find a name ", filter]), list, note] : [list];
    const panel = element("details", [element("summary", [label, " ", element("small", number(own.length))]), ...body]);
    return { param, own, filter, list, note, panel };
  });
  const headings = { in: "Collections", term: "Named on the documents’ own pages" };
  for (const [param, heading] of Object.entries(headings)) {
    const those = panels.filter((each) => each.param === param).map((each) => each.panel);
    const name = `facets-${param}`;
    if (those.length) place.append(element("div", [element("p", heading, { id: name }), ...those], { class: "facets", role: "group", "aria-labelledby": name }));
  }

  let state = { chosen: [], ranks: new Map() };
  const fill = ({ own, filter, list, note, panel }) => {
    if (!panel.open) return;
    const sought = fold(filter.value).trimEnd();
    const counted = own
      .filter((value) => !sought.trim() || fold(value.name).includes(sought))
      .map((value) => [value, value.rows.reduce((sum, row) => sum + state.ranks.has(row), 0)])
      .filter(([value, hits]) => hits || state.chosen.includes(value))
      .sort(([a, hitsA], [b, hitsB]) => hitsB - hitsA || (a.name < b.name ? -1 : 1));
    const items = counted.slice(0, SHOWN_NAMES).map(([value, hits]) => {
      const pressed = state.chosen.includes(value);
      return element("li", button([apart(value.name), " ", element("small", number(hits))], () => onChoose(value), { "aria-pressed": pressed }));
    });
    const focused = [...list.children].findIndex((item) => item.contains(document.activeElement));
    list.replaceChildren(...items);
    if (focused !== -1) (list.children[Math.min(focused, items.length - 1)]?.firstChild ?? panel.firstChild).focus();
    note.textContent = items.length < counted.length ? `The ${SHOWN_NAMES} with most hits, of ${number(counted.length)}.` : "";
  };
  panels.forEach((each) => {
    each.panel.addEventListener("toggle", () => fill(each));
    each.filter.addEventListener("input", () => fill(each));
  });
  return (present) => {
    state = present;
    panels.forEach(fill);
  };
};
