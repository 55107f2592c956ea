// Where somebody is signed in, and buttons to end that.
import { byId, make, say } from "./dom.js";
import { onClick } from "./form.js";
import { client } from "./session.js";
import { inWords } from "./words.js";

const LANGUAGE = document.documentElement.lang;
const ago = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" });
const countries = new Intl.DisplayNames(LANGUAGE, { type: "region" });
const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

const list = byId("sessions");
const others = byId("end-others");

/** Reads the list and shows it. */
export async function showSessions() {
  problem("");
  byId("sessions-again").hidden = true;
  try {
    render(await client.sessions());
  } catch (error) {
    if (error.name !== "EdgegateError") throw error;
    said("");
    problem(inWords(error));
    byId("sessions-again").hidden = client.status === "signed_out";
  }
}

function render(sessions) {
  const [here, elsewhere] = [
    sessions.filter(({ current }) => current),
    sessions.filter(({ current }) => !current),
  ];
  list.replaceChildren(...[...here, ...elsewhere].map(entry));
  others.hidden = elsewhere.length === 0;
  said(
    elsewhere.length === 0
      ? "Only on this device."
      : `On this device and ${count(elsewhere.length)}.`,
  );
}

function entry(session) {
  const device = deviceOf(session);
  const item = make(
    "li",
    {},
    make(
      "div",
      {},
      make("strong", { textContent: device }),
      session.current ? make("span", { className: "badge", textContent: "This device" }) : "",
      make(
        "span",
        { className: "soft" },
        [placeOf(session), " "].join(""),
        when("Last used", session.last_used_at),
        " · ",
        when("Signed in", session.begun_at),
      ),
    ),
  );
  item.querySelector(".badge")?.setAttribute("data-state", "good");
  if (!session.current) item.append(endButton(session, device, item));
  return item;
}

function endButton({ id, last_used_at }, device, item) {
  const button = make("button", { type: "button", className: "quiet", textContent: "End" });
  button.dataset.busy = "Ending…";
  button.setAttribute("aria-label", `End: ${device}, last used ${relative(last_used_at)}`);
  onClick(
    button,
    async () => {
      try {
        await client.endSession(id);
      } catch (error) {
        // Somebody else was faster: it is over, and that was wanted.
        if (error.code !== "not_found") throw error;
      }
      // What had the focus goes away: the next button gets it, or the heading.
      const next = item.nextElementSibling?.querySelector("button") ?? byId("where");
      item.remove();
      next.focus();
      const left = list.children.length - 1;
      others.hidden = left === 0;
      said(
        `Ended: ${device}. ${left === 0 ? "Only this device is left." : `${count(left)} left.`}`,
      );
    },
    problem,
  );
  return button;
}

onClick(
  others,
  async () => {
    await client.endOtherSessions();
    for (const item of [...list.children]) if (item.querySelector("button")) item.remove();
    byId("where").focus();
    others.hidden = true;
    said("All others are ended. Only this device is left.");
  },
  problem,
);
onClick(byId("sessions-again"), showSessions, () => {});

/** `Firefox on Linux`; what is not known is left out. */
function deviceOf({ device: { browser, os, type } }) {
  return [browser ?? (type ? `A ${type} device` : "Unknown device"), os && `on ${os}`]
    .filter(Boolean)
    .join(" ");
}

/** `Leipzig, Germany · 203.0.113.0 ·` */
function placeOf({ place: { city, country }, network }) {
  const place = [city, country && countryName(country)].filter(Boolean).join(", ");
  return [place, network === "unknown" ? "" : network]
    .filter(Boolean)
    .map((part) => `${part} ·`)
    .join(" ");
}

function countryName(code) {
  try {
    return countries.of(code);
  } catch {
    // Cloudflare's T1 (Tor) and XX are no regions.
    return code;
  }
}

function when(what, seconds) {
  const time = new Date(seconds * 1000);
  const element = make("time", {
    dateTime: time.toISOString(),
    title: time.toLocaleString(LANGUAGE),
    textContent: relative(seconds),
  });
  return make("span", {}, `${what} `, element);
}

function relative(seconds) {
  const past = Math.max(0, Date.now() / 1000 - seconds);
  const [unit, length] = UNITS.find(([, length]) => past >= length) ?? [];
  return unit ? ago.format(-Math.floor(past / length), unit) : "just now";
}

const count = (n) => (n === 1 ? "1 other" : `${n} others`);
const said = (text) => say(byId("sessions-said"), text);
function problem(text) {
  say(byId("sessions-problem"), text);
}
