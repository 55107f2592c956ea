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

/** A request for each of a list, then none. */
export function each(list, request) {
  let at = 0;
  return { next: () => (at < list.length ? request(list[at++]) : undefined) };
}

/** Each renewal with the token that the last one gave. */
export function chain(token, path = "/auth/token", more = {}) {
  let current = token;
  return {
    next: () => form(path, { grant_type: "refresh_token", refresh_token: current, ...more }),
    seen: ({ body }) => {
      current = JSON.parse(body).refresh_token;
    },
  };
}

/** Shows one token over and over, or, of a list, always the next. */
export function showing(path, tokens) {
  const requests = tokens.map((token) => ({
    method: "GET",
    path,
    headers: { authorization: `Bearer ${token}` },
  }));
  let at = 0;
  return { next: () => requests[at++ % requests.length] };
}

/** What a client gets of a list for all: a part of its own. */
export function part(list, index, of) {
  const size = Math.floor(list.length / of);
  return list.slice(index * size, (index + 1) * size);
}

/** The works with these access tokens: by algorithm `{ repeated, fresh }`. */
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
