// Makes src/domain/account/common_passwords.rice of the list beside it: see common_passwords.rs there, which reads it and
// whose tests compare the two. Run it when the list changes.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { inRoot } from "./project/root.mjs";

const HASH_BITS = 23;
const LOW_BITS = 11;
const LIST = "src/domain/account/common_passwords";

const lines = readFileSync(inRoot(`${LIST}.txt`), "utf8").split("\n").filter(Boolean);
const hash = (line) => createHash("sha256").update(line).digest().readUInt32BE() >>> (32 - HASH_BITS);
const hashes = [...new Set(lines.map(hash))].sort((a, b) => a - b);

let bits = "";
hashes.forEach((value, index) => {
  const distance = value - (hashes[index - 1] ?? 0);
  bits += `${"1".repeat(distance >>> LOW_BITS)}0`;
  bits += (distance & ((1 << LOW_BITS) - 1)).toString(2).padStart(LOW_BITS, "0");
});
bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, "1");
const bytes = Uint8Array.from(bits.match(/.{8}/g), (byte) => Number.parseInt(byte, 2));
writeFileSync(inRoot(`${LIST}.rice`), bytes);
console.log(`${lines.length} lines, ${hashes.length} hashes, ${bytes.length} bytes`);
