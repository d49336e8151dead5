/** Colours of labels and instances. */

/** The order in which masks have always handed them out. */
export const CATEGORY_10 = ["#2ca02c", "#1f77b4", "#ff7f0e", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"];

/** For lines and the names on them: the same hues, dark enough for white letters. */
const STRONG = ["#1b66c2", "#c2410c", "#15803d", "#a21caf", "#b91c1c", "#0e7490", "#7c3aed", "#a16207", "#be185d", "#4d7c0f", "#475569", "#9a3412"];

const HEX = /^#[0-9a-f]{6}$/;

/** `#rrggbb` in small letters, or "" for what is no such colour. */
export function hex(text) {
  const value = String(text ?? "").trim().toLowerCase();
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/.exec(value);
  const long = short ? `#${short[1]}${short[1]}${short[2]}${short[2]}${short[3]}${short[3]}` : value;
  return HEX.test(long) ? long : "";
}

export function rgb(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

/** A colour for the `index`-th label. */
export function strong(index) {
  return STRONG[index % STRONG.length];
}

/** The `index`-th colour of a mask: ten known ones, then ever new ones. None is black, which means nothing. */
export function maskColour(index) {
  if (index < CATEGORY_10.length) {
    return CATEGORY_10[index];
  }
  const hue = (index * 137.508) % 360;
  const light = 0.38 + 0.24 * ((index * 0.37) % 1);
  const part = (shift) => {
    const k = (shift + hue / 30) % 12;
    const value = light - 0.65 * Math.min(light, 1 - light) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255).toString(16).padStart(2, "0");
  };
  return `#${part(0)}${part(8)}${part(4)}`;
}

/** Black or white, whichever can be read on `colour`. */
export function ink(colour) {
  const [r, g, b] = rgb(hex(colour) || "#000000");
  return (r * 299 + g * 587 + b * 114) / 1000 > 150 ? "#111820" : "#ffffff";
}
