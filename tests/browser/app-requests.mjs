// Helpers for tests of the pages that sign a user in to an app: an app's authorization request, and
// the service's answers about this request.
import { fake } from "./browser.mjs";
import { ADA } from "./signed-in.mjs";

export const REQUEST = "egq_AQAexampleexampleexample";
export const CALLBACK = "https://notes.example.com/callback?code=egk_1&state=s";

/** Returns the answer of POST /auth/authorize/request while nobody is signed in. */
export const asked = (more = {}, client = {}) => ({
  json: {
    client: {
      client_id: "mBc0kYbqR7eVgSbmrKJhGg",
      name: "Notes",
      host: "notes.example.com",
      first_party: false,
      ...client,
    },
    scopes: ["openid", "email"],
    resource: null,
    login_hint: null,
    ui_locales: null,
    user: null,
    next: "sign_in",
    expires_at: 4_000_000_000,
    ...more,
  },
});

/** Returns the answer of POST /auth/authorize/request while a user is signed in. */
export const askedOf = (next, more = {}, client = {}, { id, email } = ADA) =>
  asked({ next, user: { id, email }, ...more }, client);

/**
 * Fakes two answers of the service: the one about an app's request, and the one to the user's
 * decision. Also serves the app's own page. Returns two lists of requests: `about` has the requests
 * that ask about the app's request, and `decided` has the requests that send the decision.
 *
 * @param {import("playwright-core").Page} page
 * @param {unknown} about an answer in a form that `fake` accepts
 * @param {unknown} [decision]
 */
export async function fakeApp(page, about, decision = { json: { redirect: CALLBACK } }) {
  await page.route("https://notes.example.com/**", (route) =>
    route.fulfill({ contentType: "text/html", body: "<title>Notes</title><h1>Notes</h1>" }),
  );
  return {
    about: await fake(page, "/auth/authorize/request", about),
    decided: await fake(page, "/auth/authorize/decision", decision),
  };
}
