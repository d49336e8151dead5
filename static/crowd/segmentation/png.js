/** A palette PNG of a mask, written here: no canvas is read, so nothing of the browser gets into the picture, and it is
    ready at once. Deflate with fixed codes and runs, which is what masks are made of. */

/**
 * @param {Uint8Array} pixels one entry of the palette for each pixel, row after row
 * @param {number} width
 * @param {number} height
 * @param {[number, number, number][]} palette entry 0 is transparent
 * @returns {string} base64, without `data:`
 */
export function palettePng(pixels, width, height, palette) {
  const depth = palette.length <= 2 ? 1 : palette.length <= 4 ? 2 : palette.length <= 16 ? 4 : 8;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([depth, 3, 0, 0, 0], 8);
  const transparency = new Uint8Array(palette.length).fill(255);
  transparency[0] = 0;
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("PLTE", Uint8Array.from(palette.flat())),
    chunk("tRNS", transparency),
    chunk("IDAT", zlib(rows(pixels, width, height, depth))),
    chunk("IEND", new Uint8Array(0)),
  ];
  return base64(parts);
}

/** Packed rows, each as its difference to the one above: most of them become zeros. */
function rows(pixels, width, height, depth) {
  const perByte = 8 / depth;
  const length = Math.ceil(width / perByte);
  const result = new Uint8Array(height * (length + 1));
  let above = new Uint8Array(length);
  let row = new Uint8Array(length);
  for (let y = 0, out = 0; y < height; y += 1, out += length + 1) {
    row.fill(0);
    for (let x = 0, at = y * width; x < width; x += 1, at += 1) {
      row[Math.floor(x / perByte)] |= pixels[at] << (8 - depth * ((x % perByte) + 1));
    }
    result[out] = 2; // the filter "up"
    for (let index = 0; index < length; index += 1) {
      result[out + 1 + index] = row[index] - above[index];
    }
    [above, row] = [row, above];
  }
  return result;
}

class Bits {
  constructor(room) {
    this.bytes = new Uint8Array(room);
    this.at = 0;
    this.hold = 0;
    this.count = 0;
  }

  /** `count` bits of `value`, the lowest first. */
  put(value, count) {
    this.hold |= value << this.count;
    this.count += count;
    while (this.count >= 8) {
      this.byte(this.hold & 255);
      this.hold >>>= 8;
      this.count -= 8;
    }
  }

  byte(value) {
    if (this.at === this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes[this.at] = value;
    this.at += 1;
  }

  end() {
    if (this.count) {
      this.byte(this.hold & 255);
      this.hold = this.count = 0;
    }
  }
}

/** Huffman codes go the highest bit first. */
function turned(code, length) {
  let result = 0;
  for (let bit = 0; bit < length; bit += 1) {
    result = (result << 1) | ((code >> bit) & 1);
  }
  return result;
}

const CODES = Array.from({ length: 288 }, (_, symbol) => {
  const [code, length] =
    symbol < 144 ? [0x30 + symbol, 8] : symbol < 256 ? [0x190 + symbol - 144, 9] : symbol < 280 ? [symbol - 256, 7] : [0xc0 + symbol - 280, 8];
  return [turned(code, length), length];
});
const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

/** Runs of one byte become "repeat the byte before, n times". */
export function zlib(data) {
  const bits = new Bits(Math.max(64, data.length >> 4));
  bits.byte(0x78);
  bits.byte(0x9c);
  bits.put(1, 1); // the last block
  bits.put(1, 2); // fixed codes
  for (let at = 0; at < data.length; ) {
    bits.put(...CODES[data[at]]);
    let run = 1;
    while (at + run < data.length && data[at + run] === data[at]) {
      run += 1;
    }
    at += 1;
    run -= 1;
    while (run >= 3) {
      const length = Math.min(258, run);
      let index = LENGTHS.length - 1;
      while (LENGTHS[index] > length) {
        index -= 1;
      }
      bits.put(...CODES[257 + index]);
      bits.put(length - LENGTHS[index], EXTRA[index]);
      bits.put(0, 5); // one byte back
      at += length;
      run -= length;
    }
  }
  bits.put(...CODES[256]);
  bits.end();
  let [a, b] = [1, 0];
  for (let at = 0; at < data.length; ) {
    // The sums stay exact for this many bytes.
    for (const stop = Math.min(data.length, at + 3800); at < stop; at += 1) {
      a += data[at];
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  for (const value of [b >> 8, b & 255, a >> 8, a & 255]) {
    bits.byte(value);
  }
  return bits.bytes.subarray(0, bits.at);
}

const CRC = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) {
    value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  }
  return value;
});

function chunk(type, data) {
  const result = new Uint8Array(12 + data.length);
  const view = new DataView(result.buffer);
  view.setUint32(0, data.length);
  for (let index = 0; index < 4; index += 1) {
    result[4 + index] = type.charCodeAt(index);
  }
  result.set(data, 8);
  let crc = 0xffffffff;
  for (let at = 4; at < 8 + data.length; at += 1) {
    crc = CRC[(crc ^ result[at]) & 255] ^ (crc >>> 8);
  }
  view.setUint32(8 + data.length, ~crc >>> 0);
  return result;
}

function base64(parts) {
  const pieces = [];
  for (const part of parts) {
    for (let at = 0; at < part.length; at += 8192) {
      pieces.push(String.fromCharCode(...part.subarray(at, at + 8192)));
    }
  }
  return btoa(pieces.join(""));
}
