// A list of the states that the pages can be in. For each state, a function brings a page into this
// state. Tests of rules that apply to all states use this list.
import { asked, askedOf, fakeApp, REQUEST } from "./app-requests.mjs";
import { fake, problem } from "./browser.mjs";
import {
  ADA,
  accessToken,
  fakeDiscovery,
  fakeSession,
  GRANTS,
  NOBODY,
  SESSIONS,
  signedIn,
} from "./signed-in.mjs";

const TICKET = "AbC-dEf_123";
const GOOD = "violet tram hums at noon";
const MAILS = [
  {
    to: "ada@example.com",
    subject: "Choose a new password",
    text: `Somebody asked for it.\n\nhttp://127.0.0.1:8787/reset-password#${TICKET}\n\nThe link is valid for one hour.`,
    html: `<!doctype html><html lang="en"><head><title>x</title></head><body style="margin:0;background:#eee"><table role="presentation" style="width:100%"><tr><td style="padding:24px;color:#123456"><h1 style="font:24px sans-serif">Choose a new password</h1><a href="http://127.0.0.1:8787/reset-password#${TICKET}" style="color:#1c5bc4">Choose it</a></td></tr></table></body></html>`,
    sent_at: 1_790_000_000,
  },
  {
    to: "root@example.com",
    subject: "Your password was changed",
    text: "It was.",
    html: "<p>It was.</p>",
    sent_at: 1_789_999_000,
  },
];

/**
 * Returns a function that opens a form, fills in the field `field` if it is given, and presses the
 * button. `answer` is the answer of the API.
 */
const sent =
  (
    page,
    at,
    /** @type {{ path: string, field?: string, text?: string, answer: unknown }} */ {
      path,
      field,
      text,
      answer,
    },
  ) =>
  async () => {
    await fake(page, path, answer);
    await page.goto(at);
    if (field) await page.locator(field).fill(text);
    await page.locator("[type=submit]").click();
  };

const forgot =
  (answer, text = "ada@example.com") =>
  (page) =>
    sent(page, "/forgot-password", {
      path: "/auth/password/reset",
      field: "#email",
      text,
      answer,
    })();
const reset =
  (answer, text = GOOD) =>
  (page) =>
    sent(page, `/reset-password#${TICKET}`, {
      path: "/auth/password/confirm",
      field: "#password",
      text,
      answer,
    })();
const verify =
  (answer, text = GOOD) =>
  (page) =>
    sent(page, `/verify-email#${TICKET}`, {
      path: "/auth/email/verify",
      field: "#password",
      text,
      answer,
    })();
const confirm = (answer) => (page) =>
  sent(page, `/confirm-email#${TICKET}`, { path: "/auth/email/confirm", answer })();
const outbox = (answer) => async (page) => {
  await fake(page, "/dev/outbox", answer);
  await page.goto("/outbox");
};
const opened = (at) => (page) => page.goto(at);
const as =
  (
    user,
    at,
    /** @type {(page: import("playwright-core").Page) => Promise<unknown>} */ then = async () => {},
  ) =>
  async (page) => {
    await fakeSession(page, user);
    await fake(page, "/healthz", { json: { status: "ok" } });
    await fakeDiscovery(page);
    await page.goto(at);
    await then(page);
  };

const signIn = (answer, { email = "ada@example.com", password = GOOD } = {}) =>
  as(null, "/sign-in", async (page) => {
    await fake(page, "/auth/login", answer);
    await page.locator("#email").fill(email);
    await page.locator("#password").fill(password);
    await page.locator("[type=submit]").click();
  });
const register = (...answers) =>
  as(null, "/register", async (page) => {
    await fake(page, "/auth/register", (time) => answers[time - 1]);
    await page.locator("#email").fill("ada@example.com");
    await page.locator("[type=submit]").click();
    if (answers.length < 2) return;
    await page.locator("#password").fill(GOOD);
    await page.locator("[type=submit]").click();
  });

/**
 * Returns a function that opens one of the forms of the account page, fills it in and presses its
 * button.
 */
const change = (summary, path, answer, fields) =>
  as(ADA, "/account", async (page) => {
    await fake(page, path, answer);
    await page.locator("summary").getByText(summary).click();
    const form = page.locator("details[open] form");
    for (const [name, text] of Object.entries(fields))
      await form.locator(`[name=${name}]`).fill(text);
    await form.locator("[type=submit]").click();
  });
const changePassword = (answer) =>
  change("Change the password", "/auth/password/change", answer, {
    current_password: "x",
    new_password: GOOD,
  });
const unreachable = async (page) => {
  await fake(page, "/auth/token", "offline");
  await page.goto("/account");
};
const withoutSessions = async (page) => {
  await fakeSession(page, ADA);
  await fake(page, "/auth/sessions", problem(503, "unavailable", {}, { "Retry-After": "5" }));
  await page.goto("/account");
};
const changeEmail = (answer, email = "ada@example.org") =>
  change("Change the email address", "/auth/email/change", answer, {
    email,
    current_password: "x",
  });

/**
 * Returns a function that opens the console and pastes this token. If `authorized` is given, the
 * function also requests the checks of the server, and `authorized` is the answer to each of them.
 */
const pasted = (token, authorized) =>
  as(null, "/console", async (page) => {
    await page.getByText("You are not signed in.").waitFor();
    await page.locator("#token").fill(token);
    if (!authorized) return;
    await fake(page, "/auth/authorized?*", authorized);
    await page.getByRole("button", { name: "Check here and on the server" }).click();
  });
const broken = (path, answer, token = accessToken()) =>
  as(null, "/console", async (page) => {
    await fake(page, path, answer);
    await page.reload();
    await page.getByText("You are not signed in.").waitFor();
    await page.locator("#token").fill(token);
  });

/**
 * Returns a function that opens the page at `at` with an app's request. `user` is signed in, or
 * nobody if `user` is null. `about` is the service's answer about the request.
 */
const forApp = (at, user, about) => async (page) => {
  await fakeSession(page, user);
  await fakeApp(page, about);
  await page.goto(`${at}#request=${REQUEST}`);
};
const LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenverwaltung";
const LONG_APP = {
  name: LONG,
  host: `${LONG.slice(0, 50).toLowerCase()}.verwaltung.example`,
  client_id: "https://app-descriptions.example/verwaltung/oauth/client.json",
};
const MUCH = {
  scopes: ["openid", "profile", "email", "offline_access", "books:read", "books:write"],
  resource: { uri: "https://api.example.com/library", name: "The library" },
};
const withApps = async (page) => {
  await fakeSession(page, ADA);
  await fake(page, "/auth/grants", { json: { grants: GRANTS } });
  await fake(page, "/auth/sessions", {
    json: {
      sessions: [...SESSIONS, { ...SESSIONS[1], id: "s4", app: { client_id: "c", name: "Notes" } }],
    },
  });
  await page.goto("/account");
};

const BAD_LINK = problem(400, "invalid_link");
const WEAK = problem(422, "weak_password", {
  reasons: ["too_short", "too_common", "contains_address"],
});
const BRAKE = problem(429, "rate_limited", {}, { "Retry-After": "42" });

const NO_PASSWORD = problem(422, "invalid_field", {
  errors: [{ field: "password", reason: "missing" }],
});

/**
 * `reach` brings a page into the state. The page has reached the state when the text `says` is
 * visible.
 */
export const STATES = [
  { name: "index", reach: as(null, "/"), says: "Healthy" },
  { name: "index-signed-in", reach: as(ADA, "/"), says: "Signed in as Ada Lovelace" },
  { name: "sign-in", reach: as(null, "/sign-in"), says: "No account yet?" },
  { name: "sign-in-already", reach: as(ADA, "/sign-in"), says: "You are signed in" },
  {
    name: "sign-in-wrong",
    reach: signIn(problem(401, "invalid_credentials")),
    says: "address or the password is wrong",
  },
  {
    name: "sign-in-empty",
    reach: signIn(NOBODY, { email: "", password: "" }),
    says: "Type your email address",
  },
  { name: "sign-in-limited", reach: signIn(BRAKE), says: /Wait \d+ seconds/ },
  { name: "sign-in-offline", reach: signIn("offline"), says: "No answer came" },
  {
    name: "sign-in-to-app",
    reach: forApp("/sign-in", null, asked()),
    says: "Sign in to continue to Notes",
  },
  {
    name: "sign-in-to-app-again",
    reach: forApp("/sign-in", ADA, askedOf("sign_in")),
    says: "The app asks for your password again",
  },
  {
    name: "sign-in-continue",
    reach: forApp("/sign-in", ADA, askedOf("continue", {}, { host: "127.0.0.1" })),
    says: "Continue as Ada Lovelace",
  },
  {
    name: "sign-in-continue-long",
    reach: forApp("/sign-in", ADA, askedOf("continue", {}, LONG_APP)),
    says: "Continue as Ada Lovelace",
  },
  {
    name: "sign-in-expired",
    reach: forApp("/sign-in", null, problem(400, "invalid_request")),
    says: "This request has expired",
  },
  {
    name: "sign-in-unreachable",
    reach: forApp("/sign-in", null, "offline"),
    says: "You can’t go on right now",
  },
  { name: "consent", reach: forApp("/consent", ADA, askedOf("consent", MUCH)), says: "Allow" },
  {
    name: "consent-described",
    reach: forApp("/consent", ADA, askedOf("consent", MUCH, LONG_APP)),
    says: "which is not where you go back to",
  },
  {
    name: "consent-expired",
    reach: forApp("/consent", ADA, problem(400, "invalid_request")),
    says: "This request has expired",
  },
  {
    name: "consent-unreachable",
    reach: forApp("/consent", ADA, "offline"),
    says: "You can’t go on right now",
  },
  {
    name: "consent-without-request",
    reach: as(ADA, "/consent"),
    says: "There is no app to allow",
  },
  { name: "account-apps", reach: withApps, says: "Apps with access" },
  { name: "register", reach: as(null, "/register"), says: "Have an account?" },
  { name: "register-sent", reach: register({ status: 202 }), says: "Check your mail" },
  { name: "register-open", reach: register(NO_PASSWORD), says: "At least 15 characters" },
  { name: "register-weak", reach: register(NO_PASSWORD, WEAK), says: "most common passwords" },
  {
    name: "register-taken",
    reach: register(NO_PASSWORD, problem(409, "email_taken")),
    says: "already has an account",
  },
  {
    name: "register-closed",
    reach: register(problem(403, "registration_closed")),
    says: "Registration is closed",
  },
  { name: "account", reach: as(ADA, "/account"), says: "On this device and 2 others" },
  {
    name: "account-unverified",
    reach: as({ ...ADA, email_verified: false, first_name: null, last_name: null }, "/account"),
    says: "Not verified",
  },
  { name: "account-unreachable", reach: unreachable, says: "can’t be shown now" },
  { name: "account-sessions-unread", reach: withoutSessions, says: /Wait \d seconds?, then/ },
  {
    name: "account-password-wrong",
    reach: changePassword(problem(401, "invalid_credentials")),
    says: "not your current password",
  },
  { name: "account-password-weak", reach: changePassword(WEAK), says: "most common passwords" },
  {
    name: "account-password-changed",
    reach: changePassword(() => signedIn()),
    says: "Your password is changed",
  },
  {
    name: "account-email-sent",
    reach: changeEmail({ status: 202 }),
    says: "A mail is on its way to ada@example.org",
  },
  {
    name: "account-email-refused",
    reach: changeEmail({ status: 202 }, "ada"),
    says: "This is not an email address",
  },
  {
    name: "account-deleted",
    reach: change("Delete the account", "/auth/me", { status: 204 }, { current_password: "x" }),
    says: "Your account is deleted",
  },
  {
    name: "account-last-administrator",
    reach: change("Delete the account", "/auth/me", problem(409, "last_administrator"), {
      current_password: "x",
    }),
    says: "There must be at least one administrator",
  },
  {
    name: "account-signed-out",
    reach: as(ADA, "/account", (page) => page.getByRole("button", { name: "Sign out" }).click()),
    says: "You are signed out",
  },
  { name: "console", reach: as(null, "/console"), says: "You are not signed in" },
  { name: "console-signed-in", reach: as(ADA, "/console"), says: "Use this session’s token" },
  {
    name: "console-agree",
    reach: pasted(accessToken(), { json: { authorized: true } }),
    says: "This page and the server agree",
  },
  {
    name: "console-differ",
    reach: pasted(accessToken(), problem(401, "invalid_token")),
    says: "This page and the server differ in 3 of 3",
  },
  {
    name: "console-limited",
    reach: pasted(accessToken(), BRAKE),
    says: "Not every check could be run",
  },
  {
    name: "console-expired",
    reach: pasted(accessToken(ADA, { exp: 1_767_226_200, iat: 1_767_225_600 })),
    says: "It has expired",
  },
  {
    name: "console-altered",
    reach: pasted(accessToken().replace(/.{9}$/, "AAAAAAAAA")),
    says: "The signature does not match",
  },
  {
    name: "console-no-token",
    reach: pasted("Bearer of bad news"),
    says: "a character that a token never has",
  },
  {
    name: "console-without-wasm",
    reach: broken("/edgegate/wasm/edgegate_bg.wasm", { status: 404 }),
    says: "WebAssembly did not load",
  },
  {
    name: "console-without-keys",
    reach: broken("/.well-known/jwks.json", "offline"),
    says: "The public keys could not be read",
  },
  { name: "forgot", reach: opened("/forgot-password"), says: "Send the link" },
  {
    name: "forgot-not-an-address",
    reach: forgot({ status: 202 }, "ada"),
    says: "This is not an email address",
  },
  { name: "forgot-sent", reach: forgot({ status: 202 }), says: "a mail is on its way" },
  { name: "forgot-limited", reach: forgot(BRAKE), says: /Wait \d+ seconds/ },
  { name: "reset", reach: opened(`/reset-password#${TICKET}`), says: "Change the password" },
  {
    name: "reset-without-link",
    reach: opened("/reset-password"),
    says: "Open this page from the mail",
  },
  { name: "reset-weak", reach: reset(WEAK, "password"), says: "most common passwords" },
  { name: "reset-predictable", reach: reset(BRAKE, "abcabcabcabcabcabc"), says: "Easy to guess" },
  { name: "reset-offline", reach: reset("offline"), says: "No answer came" },
  { name: "reset-bad-link", reach: reset(BAD_LINK), says: "not valid any more" },
  { name: "reset-done", reach: reset({ status: 204 }), says: "Your password is changed" },
  { name: "verify", reach: opened(`/verify-email#${TICKET}`), says: "Confirm the address" },
  {
    name: "verify-without-link",
    reach: opened("/verify-email"),
    says: "Open this page from the mail",
  },
  { name: "verify-bad-link", reach: verify(BAD_LINK), says: "not valid any more" },
  {
    name: "verify-done-elsewhere",
    reach: async (page) => {
      await fake(page, "/auth/email/verify", { status: 204 });
      await page.goto(`/verify-email?request_id=AAAAAAAAAAAAAAAAAAAAAA#${TICKET}`);
      await page.locator("#password").fill(GOOD);
      await page.locator("[type=submit]").click();
    },
    says: "Did an app send you here?",
  },
  { name: "verify-done", reach: verify({ status: 204 }), says: "Your address is confirmed" },
  { name: "confirm", reach: opened(`/confirm-email#${TICKET}`), says: "Confirm this address" },
  {
    name: "confirm-without-link",
    reach: opened("/confirm-email"),
    says: "Open this page from the mail",
  },
  {
    name: "confirm-unavailable",
    reach: confirm(problem(503, "unavailable", {}, { "Retry-After": "5" })),
    says: /Wait \d seconds?, then/,
  },
  { name: "confirm-bad-link", reach: confirm(BAD_LINK), says: "not valid any more" },
  { name: "confirm-done", reach: confirm({ status: 204 }), says: "Your address is changed" },
  { name: "outbox", reach: outbox({ json: MAILS }), says: "2 mails, newest first" },
  { name: "outbox-empty", reach: outbox({ json: [] }), says: "No mail yet" },
  {
    name: "outbox-none",
    reach: outbox(problem(404, "not_found")),
    says: "only in local development",
  },
];
