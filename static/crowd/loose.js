/** Attribute values look like JSON and hardly ever are: single quotes, bare keys, trailing commas, comments.
    A reader for all of that (JSON5 and a little more), that runs nothing and cannot be made to run for long. */

const LONGEST = 8_000_000;
const DEEPEST = 30;
const MOST_VALUES = 500_000;
const ESCAPES = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", 0: "\0" };
const WORDS = { true: true, false: false, null: null, undefined: null, True: true, False: false, None: null, NaN, Infinity };
const NUMBER = /[+-]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y;
const NAME = /[\p{L}_$][\p{L}\p{N}_$-]*/uy;
const BLANK = /(?:\s|\/\/[^\n\r]*|\/\*[^]*?\*\/)+/y;

/**
 * The value written in `text`; `otherwise` where it cannot be read. Never throws.
 * @param {string|null|undefined} text
 */
export function loose(text, otherwise = undefined) {
  if (typeof text !== "string" || !text.trim() || text.length > LONGEST) {
    return otherwise;
  }
  try {
    return clean(JSON.parse(text));
  } catch {
    // Not strict JSON: the usual case.
  }
  try {
    return new Reader(text).whole();
  } catch {
    return otherwise;
  }
}

/** `__proto__` as a key of data would change what the data is. */
function clean(value, depth = 0) {
  if (depth > DEEPEST) {
    throw new RangeError("too deep");
  }
  if (Array.isArray(value)) {
    value.forEach((item) => clean(item, depth + 1));
  } else if (value && typeof value === "object") {
    if (Object.hasOwn(value, "__proto__")) {
      delete value["__proto__"];
    }
    Object.values(value).forEach((item) => clean(item, depth + 1));
  }
  return value;
}

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
    this.values = 0;
  }

  whole() {
    const value = this.value(0);
    this.blank();
    if (this.text[this.at] === ";") {
      this.at += 1;
      this.blank();
    }
    if (this.at < this.text.length) {
      throw new SyntaxError("something follows");
    }
    return value;
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) {
      return null;
    }
    this.at = pattern.lastIndex;
    return found[0];
  }

  blank() {
    this.take(BLANK);
  }

  value(depth) {
    this.values += 1;
    if (depth > DEEPEST || this.values > MOST_VALUES) {
      throw new RangeError("too large");
    }
    this.blank();
    const first = this.text[this.at];
    if (first === "[") {
      return this.list(depth);
    }
    if (first === "{") {
      return this.object(depth);
    }
    if (first === "'" || first === '"' || first === "`") {
      return this.string();
    }
    const number = this.take(NUMBER);
    if (number !== null) {
      const sign = number[0] === "-" ? -1 : 1;
      return sign * Number(number.replace(/^[+-]/, ""));
    }
    const word = this.take(NAME);
    if (word !== null && Object.hasOwn(WORDS, word)) {
      return WORDS[word];
    }
    throw new SyntaxError("no value");
  }

  list(depth) {
    const items = [];
    this.at += 1;
    for (;;) {
      this.blank();
      if (this.text[this.at] === "]") {
        this.at += 1;
        return items;
      }
      items.push(this.value(depth + 1));
      this.comma("]");
    }
  }

  object(depth) {
    const result = {};
    this.at += 1;
    for (;;) {
      this.blank();
      if (this.text[this.at] === "}") {
        this.at += 1;
        return result;
      }
      const key = this.key();
      this.blank();
      if (this.text[this.at] !== ":") {
        throw new SyntaxError("no colon");
      }
      this.at += 1;
      const value = this.value(depth + 1);
      if (key !== "__proto__") {
        result[key] = value;
      }
      this.comma("}");
    }
  }

  key() {
    const first = this.text[this.at];
    if (first === "'" || first === '"') {
      return this.string();
    }
    const key = this.take(NAME) ?? this.take(NUMBER);
    if (key === null) {
      throw new SyntaxError("no key");
    }
    return key;
  }

  comma(end) {
    this.blank();
    if (this.text[this.at] === ",") {
      this.at += 1;
    } else if (this.text[this.at] !== end) {
      throw new SyntaxError("no comma");
    }
  }

  string() {
    const quote = this.text[this.at];
    const parts = [];
    let from = this.at + 1;
    for (this.at = from; this.at < this.text.length; this.at += 1) {
      const character = this.text[this.at];
      if (character === quote) {
        parts.push(this.text.slice(from, this.at));
        this.at += 1;
        return parts.join("");
      }
      if (character === "\\") {
        parts.push(this.text.slice(from, this.at), this.escape());
        from = this.at + 1;
      }
    }
    throw new SyntaxError("no end of the text");
  }

  /** At a backslash; afterwards at the last character that belongs to it. */
  escape() {
    this.at += 1;
    const character = this.text[this.at];
    const length = { u: 4, x: 2 }[character];
    if (length) {
      const code = this.text.slice(this.at + 1, this.at + 1 + length);
      if (!/^[0-9a-fA-F]+$/.test(code) || code.length !== length) {
        throw new SyntaxError("no such character");
      }
      this.at += length;
      return String.fromCharCode(parseInt(code, 16));
    }
    if (character === "\r" && this.text[this.at + 1] === "\n") {
      this.at += 1;
      return "";
    }
    return character === "\n" || character === "\r" ? "" : (ESCAPES[character] ?? character);
  }
}
