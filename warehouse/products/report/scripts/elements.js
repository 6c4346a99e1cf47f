// Makes elements of texts, never of markup.
const find = (id) => document.getElementById(id);
const number = (value) => new Intl.NumberFormat("en").format(value);
const many = (value, one, more) => `${number(value)} ${value === 1 ? one : more}`;

const element = (name, content, attributes = {}) => {
  const made = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.append(...[content].flat());
  return made;
};
const apart = (content) => element("bdi", content); // its direction of writing does not touch what stands beside it
const button = (content, onClick, attributes = {}) => {
  const made = element("button", content, { type: "button", ...attributes });
  made.addEventListener("click", onClick);
  return made;
};
const link = (content, href, attributes = {}) => element("a", content, { href, rel: "noreferrer", ...attributes });
const withHits = (text, needles) => apart(splitHits(text, needles).map(([part, isHit]) => (isHit ? element("mark", part) : part)));

const download = (name, type, text) => {
  const address = URL.createObjectURL(new Blob([text], { type }));
  element("a", "", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
};
const copy = async (text, source, done) => {
  try {
    await navigator.clipboard.writeText(text);
    done.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    done.textContent = "Selected: copy it now";
  }
};
