// Dates in EDTF, as their first and last day: texts of ten characters, which compare as days do.
const FIRST_DAY = "0000-00-00", LAST_DAY = "9999-99-99";

const unitSpan = (text) => {
  const found = /^(\d{4}|\d{3}X|\d\dXX)(?:-(\d\d|XX))?(?:-(\d\d|XX))?[~?%]*$/.exec(text);
  if (!found) return null;
  const [, year, month = "XX", day = "XX"] = found;
  const [first, last] = [year.replaceAll("X", "0"), year.replaceAll("X", "9")];
  const number = Number(month);
  if (month === "XX") return [`${first}-01-01`, `${last}-12-31`];
  // Seasons by whole months, as the tables have them; a winter can be either that has months in its year.
  if (number === 24) return [`${String(first - 1).padStart(4, "0")}-12-01`, `${String(Number(last) + 1).padStart(4, "0")}-02-31`];
  const months = number > 20 ? [3 * (number - 20), 3 * (number - 20) + 2] : [number, number];
  if (number === 0 || months[1] > 12 || Number(day) > 31) return null;
  const [from, to] = months.map((each) => String(each).padStart(2, "0"));
  return day === "XX" ? [`${first}-${from}-01`, `${last}-${to}-31`] : [`${first}-${from}-${day}`, `${last}-${to}-${day}`];
};

// First and last day that a date can mean; of an open interval, of the end that is known. Null if it is no date.
const spanOf = (edtf) => {
  const units = edtf.replace(/^[[{]|[\]}]$/g, "").split(/[/,]|\.\./).filter(Boolean).map(unitSpan);
  if (!units.length || units.includes(null)) return null;
  return [units.map(([first]) => first).sort()[0], units.map(([, last]) => last).sort().at(-1)];
};

// What a person asks for: EDTF, and `1960s` and `1962-1965` besides; an open end is open.
const periodOf = (word) => {
  const text = word.toUpperCase().replace(/^(\d{3})0['’]?S$/, "$1X").replace(/^(\d{4})[-–—](\d{4})$/, "$1/$2");
  const span = spanOf(text);
  return span && [/^(\.\.|\/)/.test(text) ? FIRST_DAY : span[0], /(\.\.|\/)$/.test(text) ? LAST_DAY : span[1]];
};

const yearsPeriod = (from, to) => (from || to ? [from ? `${from}-00-00` : FIRST_DAY, to ? `${to}-99-99` : LAST_DAY] : null);
const isWithin = (span, period) => span[0] >= period[0] && span[1] <= period[1];
const isTouching = (span, period) => span[0] <= period[1] && span[1] >= period[0];
