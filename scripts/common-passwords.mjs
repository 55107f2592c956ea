// Converts the list src/domain/account/common_passwords.txt into two compact files in the same
// folder, common_passwords.long and common_passwords.rice, which become a part of the Worker.
// common_passwords.rs reads the two files, and its tests compare them with the list. Run this
// script when the list changes.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { inRoot } from "./project/root.mjs";

const LONG = 15;
const SHORT_BITS = 22;
const LOW_BITS = 8;
const LIST = "src/domain/account/common_passwords";

const lines = readFileSync(inRoot(`${LIST}.txt`), "utf8")
  .split("\n")
  .filter(Boolean);
/** @param {string} line */
const hash = (line) => createHash("sha256").update(line).digest().readUInt32BE();
/** @param {number[]} values */
const ascending = (values) => [...new Set(values)].sort((a, b) => a - b);

const long = ascending(lines.filter((line) => line.length >= LONG).map(hash));
const longBytes = Buffer.alloc(long.length * 4);
for (const [index, value] of long.entries()) longBytes.writeUInt32BE(value, index * 4);
writeFileSync(inRoot(`${LIST}.long`), longBytes);

const short = ascending(
  lines.filter((line) => line.length < LONG).map((line) => hash(line) >>> (32 - SHORT_BITS)),
);
let bits = "";
short.forEach((value, index) => {
  const distance = value - (short[index - 1] ?? 0);
  bits += `${"1".repeat(distance >>> LOW_BITS)}0`;
  bits += (distance & ((1 << LOW_BITS) - 1)).toString(2).padStart(LOW_BITS, "0");
});
bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, "1");
const bytes = Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
writeFileSync(inRoot(`${LIST}.rice`), bytes);
console.log(
  `${lines.length} lines: ${long.length} long ones in ${longBytes.length} bytes, ${short.length} hashes of short ones in ${bytes.length}`,
);
