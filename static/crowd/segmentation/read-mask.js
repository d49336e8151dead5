/** An earlier mask, read back from its picture: each pixel gets the number of the nearest known colour. */

import { safeUrl } from "../dom.js";
import { hex, rgb } from "../drawing/colours.js";

const NEAR = 24; // sum of the differences of the three parts; some browsers add noise to what they read
const LONGEST = 40_000_000;

/**
 * @param {string} address of the picture; a `data:` one, or one whose server lets others read it
 * @param {number} width of the result: the mask is stretched to it, as it would be shown
 * @param {number} height
 * @param {string[]} colours `#rrggbb` of the numbers 1, 2, …
 * @returns {Promise<Uint8Array>} numbers; rejects when the picture cannot be read
 */
export async function readMask(address, width, height, colours) {
  const url = safeUrl(address, { pictures: true });
  if (!url || url.length > LONGEST) {
    throw new Error("no address");
  }
  const picture = new Image();
  if (!url.startsWith("data:")) {
    picture.crossOrigin = "anonymous";
  }
  picture.src = url;
  await picture.decode();
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return numbers(data, colours.map((colour) => rgb(hex(colour) || "#000000")));
}

function numbers(data, known) {
  const result = new Uint8Array(data.length / 4);
  const found = new Map();
  for (let at = 0, pixel = 0; at < data.length; at += 4, pixel += 1) {
    if (data[at + 3] < 128) {
      continue;
    }
    const key = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
    let value = found.get(key);
    if (value === undefined) {
      value = nearest(data[at], data[at + 1], data[at + 2], known);
      found.set(key, value);
    }
    result[pixel] = value;
  }
  return result;
}

function nearest(r, g, b, known) {
  let [best, away] = [0, NEAR];
  known.forEach((colour, index) => {
    const difference = Math.abs(colour[0] - r) + Math.abs(colour[1] - g) + Math.abs(colour[2] - b);
    if (difference < away) {
      [best, away] = [index + 1, difference];
    }
  });
  return best;
}
