// Simulated clients. A client is `{ next() → request or undefined, seen(answer) }`: `next` returns
// its next request, and `seen` gets the answer to it.
import { WORKS } from "./works.mjs";

const JSON_BODY = { "content-type": "application/json" };
const FORM_BODY = { "content-type": "application/x-www-form-urlencoded" };

/** A POST of JSON. */
export const json = (path, body) => ({
  method: "POST",
  path,
  headers: JSON_BODY,
  body: JSON.stringify(body),
});
/** A POST of a form. */
export const form = (path, body) => ({
  method: "POST",
  path,
  headers: FORM_BODY,
  body: `${new URLSearchParams(body)}`,
});

/** A client that sends one request for each item of a list, then stops. */
export function each(list, request) {
  let at = 0;
  return { next: () => (at < list.length ? request(list[at++]) : undefined) };
}

/** The same client, but it stops after this many requests. */
export function upTo(count, client) {
  let left = count;
  return { ...client, next: () => (left-- >= 1 ? client.next() : undefined) };
}

/**
 * A client that renews again and again, each time with the token that the last renewal returned.
 */
export function chain(token, path = "/auth/token", more = {}) {
  let current = token;
  return {
    next: () => form(path, { grant_type: "refresh_token", refresh_token: current, ...more }),
    seen: ({ body }) => {
      current = JSON.parse(body).refresh_token;
    },
  };
}

/**
 * A client that sends the tokens of a list one after another, and begins again after the last one.
 */
export function showing(path, tokens) {
  const requests = tokens.map((token) => ({
    method: "GET",
    path,
    headers: { authorization: `Bearer ${token}` },
  }));
  let at = 0;
  return { next: () => requests[at++ % requests.length] };
}

/**
 * The part of a list that belongs to the client with this index, if `of` clients share the list.
 */
export function part(list, index, of) {
  const size = Math.floor(list.length / of);
  return list.slice(index * size, (index + 1) * size);
}

/**
 * The kinds of work that check access tokens. `tokens` has `{ repeated, fresh }` for each
 * algorithm.
 */
export function checks(path, tokens) {
  const works = Object.entries(tokens).flatMap(([alg, those]) => {
    const [again, anew] = [`check-${alg.toLowerCase()}-repeated`, `check-${alg.toLowerCase()}-new`];
    return [
      [again, () => () => showing(path, [those.repeated])],
      [
        anew,
        (connections = WORKS[anew].connections) =>
          (index) =>
            showing(path, part(those.fresh, index, connections)),
      ],
    ];
  });
  return Object.fromEntries(works);
}
