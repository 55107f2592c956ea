// For tests of the pages that sign a user in to an app: an app's authorization request, and the
// service's answers about it.
import { fake } from "./browser.mjs";
import { ADA } from "./signed-in.mjs";

export const REQUEST = "egq_AQAexampleexampleexample";
export const CALLBACK = "https://notes.example.com/callback?code=egk_1&state=s";

/** The answer of POST /auth/authorize/request while nobody is signed in. */
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

/** The answer of POST /auth/authorize/request while somebody is signed in. */
export const askedOf = (next, more = {}, client = {}, { id, email } = ADA) =>
  asked({ next, user: { id, email }, ...more }, client);

/**
 * Fakes the service's answer about an app's request and its answer to the user's decision, and
 * serves the app's own page. Returns two lists of requests: those for the app's request (`about`),
 * and those that send the decision (`decided`).
 *
 * @param {import("playwright-core").Page} page
 * @param {unknown} about as `fake` takes it
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
