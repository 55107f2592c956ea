// Asks somebody who is signed in whether an app may have what it asks for.
/** @import { Asked } from "./app-answer.js" */
import { answerApp, appPage, nameOfApp, phrase, placeOfApp } from "./app-answer.js";
import { takeAppRequest, withAppRequest } from "./app-request.js";
import { allowedBy } from "./app-scopes.js";
import { byId, first, make, ready, say } from "./dom.js";
import { onClick, onSubmit, show } from "./form.js";
import { client, nameOf } from "./session.js";
import { fill, words } from "./words.js";

// Another page could bring this one to the front between the two clicks of a double click.
const TOO_SOON_MS = 500;

const form = first(document, "form", HTMLFormElement);
const allow = first(form, "[type=submit]", HTMLButtonElement);
const problem = first(form, ".problem");
const { request } = takeAppRequest();
const goOn = appPage(request, follow);
/** @type {Asked | null} What is shown. */
let shown = null;
/** The message at the buttons about the account that is shown. */
let news = "";
let frontSince = performance.now();

for (const event of ["focus", "pageshow"])
  addEventListener(event, () => {
    frontSince = performance.now();
  });
document.addEventListener("visibilitychange", () => {
  frontSince = performance.now();
});

/** @param {Asked} asked */
async function follow(asked) {
  const { client: app, user, next } = asked;
  // `done`: another tab has allowed the app already.
  if (next !== "consent" || !user) return location.replace(withAppRequest("/sign-in", request));
  news = shown !== null && shown.user?.id !== user.id ? words.consent.other_user : "";
  shown = asked;
  const name = nameOfApp(app);
  byId("title").replaceChildren(...phrase(words.consent.asks, { app: name }));
  byId("app-place").replaceChildren(...phrase(words.apps.back_to, { place: placeOfApp(app) }));
  showDescription(app);
  byId("scopes").replaceChildren(...permissions(asked).map((item) => make("li", {}, ...item)));
  const isKnown = client.user !== null && client.user.id === user.id;
  const names = isKnown && client.user ? nameOf(client.user) : user.email;
  byId("who").textContent =
    names === user.email
      ? user.email
      : fill(words.consent.name_and_address, { name: names, address: user.email });
  byId("only-if").replaceChildren(...phrase(words.consent.only_if, { app: name }));
  byId("not-you", HTMLAnchorElement).href = withAppRequest("/sign-in", request, { isOther: true });
  show("ask");
  say(problem, news);
  frontSince = performance.now();
  if (allow.disabled) setTimeout(arm, TOO_SOON_MS + 100);
}

/**
 * An app that nobody has registered describes itself at an address, which may be on another host.
 *
 * @param {Asked["client"]} app
 */
function showDescription({ client_id, host }) {
  const [, by = ""] = /^https:\/\/([^/?#@\\]+)\//.exec(client_id) ?? [];
  byId("described").hidden = !by;
  if (!by) return;
  const text = by === host ? words.consent.described_here : words.consent.described_by;
  const place = make("strong", { dir: "ltr", textContent: by });
  byId("described").replaceChildren(...phrase(text, { place }));
}

/**
 * What the app may do, a list of texts with elements.
 *
 * @param {Asked} asked
 */
function permissions({ scopes, resource }) {
  const others = scopes.filter((scope) => allowedBy(scope) === undefined);
  /** @type {(string | Node)[][]} */
  const items = scopes.flatMap((scope) => {
    const allowed = allowedBy(scope);
    return allowed === undefined ? [] : [[allowed]];
  });
  const codes = others.flatMap((scope, place) => [
    place > 0 ? ", " : "",
    make("code", { dir: "ltr", textContent: scope }),
  ]);
  const list = make("span", {}, ...codes);
  if (resource) {
    const name = make("bdi", { textContent: resource.name || resource.uri });
    const text = others.length > 0 ? words.consent.resource_with : words.consent.resource;
    items.push([
      ...phrase(text, { resource: name, scopes: list }),
      make("span", { className: "soft", dir: "ltr", textContent: resource.uri }),
    ]);
  } else if (others.length > 0) {
    items.push(phrase(words.consent.others, { scopes: list }));
  }
  return items.length > 0 ? items : [[words.consent.openid]];
}

function arm() {
  onSubmit(form, async () => {
    if (performance.now() - frontSince < TOO_SOON_MS) return words.consent.too_soon;
    return answer(true);
  });
}

// Works at once: a refusal by mistake helps no attacker.
onClick(byId("cancel"), () => answer(false), problem);

/** @param {boolean} isAllowed */
async function answer(isAllowed) {
  if (shown && !(await answerApp(request, shown, isAllowed))) await goOn();
  return news;
}

ready();
if (request) {
  setTimeout(() => say(byId("reading"), words.consent.reading), 500);
  // Until the client is ready, a renewal may be changing the cookie.
  client
    .ready()
    .catch(() => {})
    .then(goOn);
} else show("no-request", { focus: false });
