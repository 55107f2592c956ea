// Simulated clients. A client has the function `next()`, which returns its next request, or
// undefined if there is none. It can also have the function `seen(answer)`, which gets the answer
// to that request.
import { WORKS } from "./works.mjs";

const JSON_BODY = { "content-type": "application/json" };
const FORM_BODY = { "content-type": "application/x-www-form-urlencoded" };

/** A POST request with a JSON body. */
export const json = (path, body) => ({
  method: "POST",
  path,
  headers: JSON_BODY,
  body: JSON.stringify(body),
});
/** A POST request with a form as its body. */
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

/** A client that sends the requests of another client, but stops after `count` of them. */
export function upTo(count, client) {
  let left = count;
  return { ...client, next: () => (left-- >= 1 ? client.next() : undefined) };
}

/**
 * A client that renews its session again and again, each time with the refresh token that the last
 * renewal returned.
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
 * A client that sends one token of a list with each request. After the last token it begins again
 * with the first.
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
 * The kinds of work that check access tokens. For each algorithm, `tokens` has `{ repeated, fresh
 * }`: a token that is sent again and again, and a list of tokens that are new to the Worker.
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
