// Subjects of the bench: edgegate with more users, more sessions, more keys or longer tokens.
import { generateKeyPairSync } from "node:crypto";
import { claimsOf, clientOf } from "../../tests/e2e/client.mjs";
import { makeSession, makeUsers } from "../../tests/e2e/forge.mjs";
import { withPid } from "../process.mjs";
import { chain } from "./clients.mjs";
import { startEdgegate } from "./edgegate.mjs";
import { makeKeys } from "./tokens.mjs";

/** Starts one deployment. `bench/scaling.mjs` lists the dimensions and their points. */
export async function startPoint(dimension, point) {
  const { EdDSA } = makeKeys();
  const store = dimension === "sessions-durable" ? "durable" : "kv";
  const bytes = dimension === "token" ? point : undefined;
  const keys = dimension === "keys" ? { EdDSA, ...moreKeys(point - 1) } : { EdDSA };
  const subject = await withPid(() => startEdgegate({ keys, store, algs: ["EdDSA"], bytes }));
  if (dimension === "users") await makeUsers(subject.edge.db, point - 1);
  return dimension.startsWith("sessions")
    ? { ...subject, works: { ...subject.works, ...(await worksOfOne(subject, store, point)) } }
    : subject;
}

function moreKeys(count) {
  const more = Array.from({ length: count }, (_, index) => [
    `more-${index}`,
    {
      ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }),
      kid: `more-${index}`,
      alg: "EdDSA",
      use: "sig",
    },
  ]);
  return Object.fromEntries(more);
}

/** Makes a user with `count` sessions. The kind of work `renew` renews some of these sessions. */
async function worksOfOne({ edge, checksOf }, store, count) {
  const [user] = await makeUsers(edge.db, 1);
  const tokens = [];
  for (let n = 0; n < count; n++) tokens.push((await makeSession(edge, store, user, 1)).token);
  const renewed = await clientOf(edge).renew(tokens[0]);
  return {
    ...checksOf(claimsOf(renewed.body.access_token)),
    // If there are more clients than sessions, several clients share a session and begin with the
    // same refresh token. This works because with the default ROTATE_AFTER, all of them get the
    // same next token.
    renew: () => (index) => chain(tokens[index % tokens.length]),
  };
}
