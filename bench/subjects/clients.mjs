// What clients do, one request after another: `{ next() → request or undefined, seen(answer) }`.
import { WORKS } from "./works.mjs";

const JSON_BODY = { "content-type": "application/json" };
const FORM_BODY = { "content-type": "application/x-www-form-urlencoded" };

/** A POST. */
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

/** Sends one request for each item of a list, then stops. */
export function each(list, request) {
  let at = 0;
  return { next: () => (at < list.length ? request(list[at++]) : undefined) };
}

/** The same client, but it stops after this many requests. */
export function upTo(count, client) {
  let left = count;
  return { ...client, next: () => (left-- >= 1 ? client.next() : undefined) };
}

/** Renews each time with the token that the last renewal returned. */
export function chain(token, path = "/auth/token", more = {}) {
  let current = token;
  return {
    next: () => form(path, { grant_type: "refresh_token", refresh_token: current, ...more }),
    seen: ({ body }) => {
      current = JSON.parse(body).refresh_token;
    },
  };
}

/** Shows one token again and again, or the next one of a list each time. */
export function showing(path, tokens) {
  const requests = tokens.map((token) => ({
    method: "GET",
    path,
    headers: { authorization: `Bearer ${token}` },
  }));
  let at = 0;
  return { next: () => requests[at++ % requests.length] };
}

/** A client's own part of a list that all clients share. */
export function part(list, index, of) {
  const size = Math.floor(list.length / of);
  return list.slice(index * size, (index + 1) * size);
}

/** The works with these access tokens, which are `{ repeated, fresh }` by algorithm. */
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
