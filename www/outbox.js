// Shows the mails that the service sent in local development. It gets them from /dev/outbox, and
// looks for new mails every few seconds while the page is visible.
import { byId, first, make, ready, say } from "./dom.js";
import { counted, fill, language, words } from "./words.js";

/** @typedef {{to: string, subject: string, text: string, html?: string, sent_at: number}} Mail */

const EVERY_MS = 3000;

const list = byId("mails");
const state = byId("state");
/**
 * The elements of the mails that are shown. Their keys come from `keysOf`. When the list changes,
 * each mail keeps its element, so an opened mail stays open.
 *
 * @type {Map<string, HTMLElement>}
 */
let shown = new Map();
let isReading = false;

async function read() {
  if (isReading) return;
  isReading = true;
  try {
    say(state, await look());
  } catch {
    say(state, words.outbox.no_answer);
  } finally {
    isReading = false;
  }
}

async function look() {
  const response = await fetch("/dev/outbox", {
    headers: { Accept: "application/json" },
    cache: "no-store",
    signal: AbortSignal.timeout(10_000),
  });
  if (response.status === 404) return words.outbox.absent;
  if (!response.ok) return fill(words.outbox.unread, { status: response.status });
  return render(await response.json());
}

/** @param {Mail[]} mails */
function render(mails) {
  const keys = keysOf(mails);
  if (keys.length !== shown.size || keys.some((key) => !shown.has(key))) {
    const before = shown;
    shown = new Map(keys.map((key, i) => [key, before.get(key) ?? entry(mails[i])]));
    const [newest] = shown.values();
    if (newest && !before.has(keys[0])) first(newest, "details", HTMLDetailsElement).open = true;
    arrange([...shown.values()]);
  }
  return mails.length === 0 ? words.outbox.empty : counted(words.outbox.mails, mails.length);
}

/**
 * A unique key for each mail. It consists of the mail's JSON and of the number of older mails with
 * the same JSON.
 *
 * @param {Mail[]} mails
 */
function keysOf(mails) {
  const seen = new Map();
  return [...mails]
    .reverse()
    .map((mail) => {
      const json = JSON.stringify(mail);
      const older = seen.get(json) ?? 0;
      seen.set(json, older + 1);
      return `${older} ${json}`;
    })
    .reverse();
}

/**
 * Makes the list show these elements in this order. An element that is already in the right place
 * is not moved, because the browser would load the frames in it again.
 *
 * @param {HTMLElement[]} elements
 */
function arrange(elements) {
  for (const element of [...list.children])
    if (!elements.some((wanted) => wanted === element)) element.remove();
  elements.forEach((element, i) => {
    if (list.children[i] !== element) list.insertBefore(element, list.children[i] ?? null);
  });
}

/** @param {Mail} mail */
function entry({ to, subject, text, html, sent_at }) {
  const time = new Date(sent_at * 1000).toLocaleString(language);
  const summary = make(
    "summary",
    {},
    make("strong", { textContent: subject }),
    make("span", { textContent: fill(words.outbox.to, { address: to, time }) }),
  );
  const plain = make(
    "details",
    { className: "plain" },
    make("summary", { textContent: words.outbox.plain }),
    linked(text),
  );
  const mail = make("details", { className: "mail" }, summary, plain);
  mail.addEventListener("toggle", () => {
    if (mail.open && html && !mail.querySelector("iframe")) plain.before(frame(subject, html));
  });
  return make("li", {}, mail);
}

/**
 * Makes a frame that shows the HTML of a mail as a mail program would. Scripts of the mail don't
 * run, and the mail has no access to this page. Its links open in another tab.
 *
 * @param {string} subject
 * @param {string} html
 */
function frame(subject, html) {
  const mail = new DOMParser().parseFromString(html, "text/html");
  mail.head.prepend(Object.assign(mail.createElement("base"), { target: "_blank" }));
  const iframe = make("iframe", { title: fill(words.outbox.frame, { subject }) });
  iframe.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
  iframe.srcdoc = `<!doctype html>${mail.documentElement.outerHTML}`;
  return iframe;
}

/**
 * Makes an element with the plain text of a mail, in which URLs are links.
 *
 * @param {string} text
 */
function linked(text) {
  const pre = make("pre", { tabIndex: 0 });
  for (const part of text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)])/)) {
    pre.append(
      /^https?:/.test(part)
        ? make("a", { href: part, target: "_blank", rel: "noopener", textContent: part })
        : part,
    );
  }
  return pre;
}

byId("refresh").addEventListener("click", read);
document.addEventListener("visibilitychange", () => !document.hidden && read());
setInterval(() => !document.hidden && read(), EVERY_MS);
read();
ready();
