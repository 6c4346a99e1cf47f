// Documents for other programs: CSV, RIS and a citation, by the rules of `wcda export`. Who is an author, and who is
// named otherwise, is not in the page: people are keywords.
const KEYWORDS = ["people", "places", "topics"];

const makeReferences = ({ id, title, date_text: date, date_edtf: edtf, summary, url, source, seen, about }, labels, namesOf) => {
  // A spreadsheet takes such texts for formulas; one apostrophe before them says that they are texts.
  const guarded = (text) => text.replace(/^('*[=+\-@\t\r\n＝＋－＠])/, "'$1");
  const cell = (text) => (text === null ? "" : `"${guarded(text).replaceAll('"', '""')}"`);
  const csv = (rows) => {
    const head = ["document_id", "date_text", "date_edtf", "title", "summary", "url", ...labels];
    const line = (row) => [id, date, edtf, title, summary, url].map((column) => column[row]).concat(labels.map((label) => namesOf(row, label).join("; ") || null));
    return `\ufeff${[head, ...rows.map(line)].map((cells) => `${cells.map(cell).join(",")}\r\n`).join("")}`;
  };

  // As in `ris_date`: the first end of what has parts, and as printed in `other` what is more than a plain date.
  const risDate = (row) => {
    const printed = date[row] ?? edtf[row];
    const points = (edtf[row] ?? "").split("/").map((part) => /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?([~?%]?)$/.exec(part));
    const isSeason = (point) => point[2] >= "21" && point[2] <= "24" && point[3] === undefined;
    if (points.length > 2 || points.includes(null) || (points.length > 1 && points.some(isSeason))) {
      return [null, printed === null ? null : `///${printed}`];
    }
    const [, year, month = "", day = ""] = points[0];
    const isPlain = points.length === 1 && !points[0][4] && !isSeason(points[0]);
    return [year, `${year}/${isSeason(points[0]) ? "" : month}/${day}/${isPlain ? "" : printed}`];
  };
  // As in `accessed`: a day of access belongs to what can be opened.
  const accessed = (row) => (url[row] === null ? null : (seen?.[row] ?? null));
  const oneLine = (text) =>
    text
      .replace(/[ \t]*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*/g, (found) => (found.split("\n").length > 2 ? " ¶ " : " "))
      .replace(/[\x00-\x08\x0e-\x1f\x7f-\x9f]/g, "")
      .trim();
  const ris = (rows) =>
    rows
      .map((row) => {
        const [year, day] = risDate(row);
        const keywords = labels.filter((label) => KEYWORDS.includes(label)).flatMap((label) => namesOf(row, label));
        const fields = [["TY", "MANSCPT"], ["DB", about.archive], ["AN", source?.[row] ?? null], ["DP", "wcda"], ["ID", id[row]]];
        fields.push(["TI", title[row]], ["PY", year], ["DA", day], ["Y2", accessed(row) && `${accessed(row).replaceAll("-", "/")}/`], ["AB", summary[row]]);
        fields.push(...keywords.map((name) => ["KW", name]), ["UR", url[row]]);
        const lines = fields.map(([tag, value]) => [tag, value === null ? "" : oneLine(value)]).filter(([, value]) => value);
        return `${lines.map(([tag, value]) => `${tag}  - ${value}\r\n`).join("")}ER  - \r\n`;
      })
      .join("");

  // As in `warehouse/products/citation.py`, a note as the Chicago Manual of Style has it.
  const printed = (day) => new Date(day).toLocaleDateString("en-US", { timeZone: "UTC", year: "numeric", month: "long", day: "numeric" });
  const citation = (row) => {
    const name = (title[row] ?? "Untitled document").replace(/\.$/, "").replace(/[“”"]/g, (mark) => ({ "“": "‘", "”": "’", '"': "'" })[mark]);
    const rest = [date[row] ?? "undated", source?.[row]?.replace(/\.$/, ""), about.archive, accessed(row) && `accessed ${printed(accessed(row))}`, url[row]];
    const text = `“${name}${/[?!]$/.test(name) ? "”" : ",”"} ${rest.filter(Boolean).join(", ")} (wcda snapshot ${about.snapshot}).`;
    return text.replace(/\s+/g, " ");
  };
  return { csv, ris, citation };
};
