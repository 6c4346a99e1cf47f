// Texts as they are searched: words without accents, capitals and punctuation, each with a space on either side.
const LETTERS = { ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ł: "l", ð: "d", þ: "th", ħ: "h", ı: "i", ς: "σ" };
const ALONE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu; // written without spaces

const ASCII = /^[\x00-\x7f]*$/;

const foldedLetters = new Map(); // accents, quotes and dashes are few, and come often
const foldLetter = (letter) => {
  if (!foldedLetters.has(letter)) {
    const plain = letter.normalize("NFKD").toLowerCase().replace(/[\p{M}\p{Cf}]+/gu, "").replace(/[ßæœøđłðþħıς]/g, (each) => LETTERS[each]);
    foldedLetters.set(letter, plain.replace(ALONE, " $& ").replace(/[^\p{L}\p{N}\x00-\x7f]/gu, " "));
  }
  return foldedLetters.get(letter);
};
const fold = (text) => {
  const lower = text.toLowerCase();
  const plain = ASCII.test(lower) ? lower : lower.replace(/[^\x00-\x7f]/gu, foldLetter);
  return ` ${plain.replace(ASCII.test(plain) ? /[^a-z0-9]+/g : /[^\p{L}\p{N}]+/gu, " ").trim()} `;
};

// What is asked for: each term is words that must begin a word, or, in closed quotes, be whole words; or a date; or an id.
const parseQuery = (text) => {
  const parts = text.replace(/[“”„«»]/g, '"').matchAll(/([-−–]?)(?:"([^"]*)("?)|([^\s"]+))/g);
  const terms = Array.from(parts, ([, minus, phrase, closed, word]) => {
    const folded = fold(phrase ?? word).trimEnd();
    return {
      excluded: minus !== "",
      needle: closed ? `${folded} ` : folded,
      period: word === undefined ? null : periodOf(word),
      id: /^[0-9a-f]{4,16}$/i.test(word ?? "") ? word.toLowerCase() : null,
    };
  });
  return terms.filter((term) => term.needle.trim() || term.period);
};

// Parts of a text, in order: [text, whether it is a hit]. A hit is marked as whole words.
const splitHits = (text, needles) => {
  const words = Array.from(text.matchAll(/[\p{L}\p{N}\p{M}\p{Cf}]+/gu), ({ 0: word, index }) => [index, index + word.length, fold(word).trim()]);
  let joined = " ";
  const ends = words.map(([, , folded]) => (joined += `${folded} `).length - 1); // where each word ends in `joined`
  const hit = new Array(words.length).fill(false);
  for (const needle of needles) {
    for (let at = joined.indexOf(needle); at !== -1; at = joined.indexOf(needle, at + 1)) {
      const last = at + needle.trimEnd().length - 1;
      for (let word = ends.findIndex((end) => end > at + 1); word < words.length; word++) {
        hit[word] = true;
        if (ends[word] > last) break;
      }
    }
  }
  const parts = [];
  let done = 0;
  for (let word = 0; word < words.length; word++) {
    if (!hit[word]) continue;
    const begin = words[word][0];
    while (hit[word + 1]) word++;
    parts.push([text.slice(done, begin), false], [text.slice(begin, words[word][1]), true]);
    done = words[word][1];
  }
  return [...parts, [text.slice(done), false]].filter(([part]) => part);
};
