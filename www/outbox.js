// Shows what /dev/outbox answers, and looks again every few seconds while somebody sees the page.

const EVERY_MS = 3000;

const list = document.getElementById("mails");
const state = document.getElementById("state");
/** Each mail's element, by its key: one that is shown stays as it is, open or closed. */
let shown = new Map();
let reading = false;

async function read() {
  if (reading) return;
  reading = true;
  try {
    say(...(await look()));
  } catch {
    say("No answer came: is the Worker still running? Looking again…");
  } finally {
    reading = false;
  }
}

async function look() {
  const response = await fetch("/dev/outbox", {
    headers: { Accept: "application/json" },
    cache: "no-store",
    signal: AbortSignal.timeout(10_000),
  });
  if (response.status === 404)
    return ["There is no outbox here: it exists only in local development (npm start)."];
  if (!response.ok) return [`The outbox could not be read: the answer was ${response.status}.`];
  return [render(await response.json())];
}

function render(mails) {
  const keys = keysOf(mails);
  if (keys.length !== shown.size || keys.some((key) => !shown.has(key))) {
    const before = shown;
    shown = new Map(keys.map((key, i) => [key, before.get(key) ?? entry(mails[i])]));
    const [newest] = shown.values();
    if (newest && !before.has(keys[0])) newest.querySelector("details").open = true;
    arrange([...shown.values()]);
  }
  if (mails.length === 0) return "No mail yet. One that the Worker sends appears here by itself.";
  return mails.length === 1 ? "1 mail." : `${mails.length} mails, newest first.`;
}

/** Each mail as JSON with the number of older ones that are just like it. */
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

// An element that is moved loads its frames again: only what is new is put in.
function arrange(elements) {
  for (const element of [...list.children]) if (!elements.includes(element)) element.remove();
  elements.forEach((element, i) => {
    if (list.children[i] !== element) list.insertBefore(element, list.children[i] ?? null);
  });
}

function entry({ to, subject, text, html, sent_at }) {
  const item = document.createElement("li");
  const mail = make("details", { className: "mail" });
  const summary = make("summary");
  const time = new Date(sent_at * 1000);
  summary.append(
    make("strong", { textContent: subject }),
    make("span", { textContent: `To ${to}, ${time.toLocaleString()}` }),
  );
  const plain = make("details", { className: "plain" });
  plain.append(make("summary", { textContent: "As plain text" }), linked(text));
  mail.append(summary, plain);
  mail.addEventListener("toggle", () => {
    if (mail.open && html && !mail.querySelector("iframe")) plain.before(frame(subject, html));
  });
  item.append(mail);
  return item;
}

/** The HTML as a mail client would show it: no scripts, no access to this page; links open beside it. */
function frame(subject, html) {
  const mail = new DOMParser().parseFromString(html, "text/html");
  mail.head.prepend(Object.assign(mail.createElement("base"), { target: "_blank" }));
  const iframe = make("iframe", { title: `Mail: ${subject}` });
  iframe.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
  iframe.srcdoc = `<!doctype html>${mail.documentElement.outerHTML}`;
  return iframe;
}

/** The text with its addresses of pages as links. */
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

const make = (name, properties = {}) => Object.assign(document.createElement(name), properties);

// A live region that is written again is read out again.
function say(text) {
  if (state.textContent !== text) state.textContent = text;
}

document.getElementById("refresh").addEventListener("click", read);
document.addEventListener("visibilitychange", () => !document.hidden && read());
setInterval(() => !document.hidden && read(), EVERY_MS);
read();
