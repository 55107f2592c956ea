// Asks the signed-in user whether an app may have the access that it asks for.
/** @import { Asked } from "./app-answer.js" */
import { answerApp, appPage, nameOfApp, phrase, placeOfApp } from "./app-answer.js";
import { takeAppRequest, withAppRequest } from "./app-request.js";
import { allowedBy } from "./app-scopes.js";
import { byId, first, make, ready, say } from "./dom.js";
import { onClick, onSubmit, show } from "./form.js";
import { client, nameOf } from "./session.js";
import { fill, words } from "./words.js";

// Protects against clickjacking. A page of an attacker could ask for a double click, and bring this
// page to the front between the two clicks, so that the second click hits the button "Allow". So
// the button "Allow" works only after this page has been in front for some time.
const TOO_SOON_MS = 500;

const form = first(document, "form", HTMLFormElement);
const allow = first(form, "[type=submit]", HTMLButtonElement);
const problem = first(form, ".problem");
const { request } = takeAppRequest();
const goOn = appPage(request, follow);
/** @type {Asked | null} The answer of the service that the page shows. */
let shown = null;
/**
 * A message which says that the page now shows another account than before, or "". It is shown
 * beside the buttons.
 */
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
  // For example, `next` is "done" if the user has already allowed the app in another tab.
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
 * Shows which host describes the app, if the app is not registered at this service. The `client_id`
 * of such an app is the URL of a document that describes the app. This document can be on another
 * host than the app.
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
 * Describes what the app may do, as a list of items. Each item consists of texts and elements.
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

// Unlike "Allow", this button works at once, because an attacker gains nothing if the user cancels
// by mistake.
onClick(byId("cancel"), () => answer(false), problem);

/** @param {boolean} isAllowed */
async function answer(isAllowed) {
  if (shown && !(await answerApp(request, shown, isAllowed))) await goOn();
  return news;
}

ready();
if (request) {
  setTimeout(() => say(byId("reading"), words.consent.reading), 500);
  // First wait until the client is ready. Before that, the client might be renewing the session,
  // and the renewal changes the cookie with which this page asks the service.
  client
    .ready()
    .catch(() => {})
    .then(goOn);
} else show("no-request", { focus: false });
