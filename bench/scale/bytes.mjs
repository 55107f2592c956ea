// Measures how many bytes a user needs in D1. To find out, a SQLite database with all migrations is
// filled with generated users, and its pages are counted, because D1 also bills the pages of tables
// and indexes.
import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { inRoot } from "../../scripts/project/root.mjs";
import { seeded } from "../random.mjs";

const FIRST = "Ada Alexandra Anna Bo Carlos Chidi Elena Emma Hiroshi Ivan Jo Leila Li Liam".split(
  " ",
);
const LAST =
  "Abdullah Fernandez Garcia Ito Kim Kowalczyk Li Lovelace Müller Nguyen Okafor Smith".split(" ");
const HOSTS = ["gmail.com", "outlook.com", "example.com", "mail.example.co.uk", "web.de"];
const HEX = "0123456789abcdef";
const CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * The bytes per user. `user` is for the database with all migrations. `address` is for a separate
 * table that maps each email address to a user id. The results are more exact with more users.
 */
export function bytesPerUser(users) {
  const database = new DatabaseSync(":memory:");
  try {
    for (const name of readdirSync(inRoot("migrations")).sort())
      database.exec(readFileSync(inRoot("migrations", name), "utf8"));
    const empty = bytesOf(database);
    fill(database, users);
    // A trigger of the database lists in `row_changed` each inserted user whose `created_at` is
    // long ago, because the service does not insert such users. So it lists the users that were
    // just inserted. The service deletes the entries of this list after a while, so they are not
    // counted here.
    database.exec("DELETE FROM row_changed");
    const filled = bytesOf(database);
    database.exec(`
      CREATE TABLE addresses (address TEXT PRIMARY KEY NOT NULL, id TEXT NOT NULL) STRICT, WITHOUT ROWID;
      INSERT INTO addresses SELECT email_canonical, id FROM users ORDER BY id;`);
    return { user: (filled - empty) / users, address: (bytesOf(database) - filled) / users };
  } finally {
    database.close();
  }
}

function bytesOf(database) {
  const { bytes } = database
    .prepare(
      `SELECT (page_count - freelist_count) * page_size AS bytes
       FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
    )
    .get();
  return bytes;
}

function fill(database, users) {
  const draw = seeded(1);
  const one = (list) => list[Math.floor(draw() * list.length)];
  const text = (length, characters) => Array.from({ length }, () => one(characters)).join("");
  const insert = database.prepare(
    `INSERT INTO users (id, email, email_canonical, password_hash, first_name, last_name,
     email_verified_at, created_at, updated_at, link_nonce) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  database.exec("BEGIN");
  for (let number = 0; number < users; number++) {
    const [first, last] = [one(FIRST), one(LAST)];
    const email = `${first}.${last}${number}@${one(HOSTS)}`;
    const now = 1_767_225_600 + number;
    insert.run(
      idOf(now * 1000, text(18, HEX)),
      email,
      email.toLowerCase(),
      `$argon2id$v=19$m=19456,t=2,p=1$${text(22, CHARACTERS)}$${text(43, CHARACTERS)}`,
      first,
      last,
      now,
      now,
      now,
      text(32, HEX),
    );
  }
  database.exec("COMMIT");
}

/** A user id. It is a UUIDv7 (RFC 9562, section 5.7), so later ids are larger. */
function idOf(milliseconds, random) {
  const time = milliseconds.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6)}`;
}
