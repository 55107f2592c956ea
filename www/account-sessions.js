// Shows the sessions of the user (the devices on which the user is signed in), each with a button
// to end it.
/** @import { Session } from "/edgegate/client/index.js" */
import { appNamed } from "./account-grants.js";
import { byId, make, say } from "./dom.js";
import { inWords, isRefusal } from "./failures.js";
import { onClick } from "./form.js";
import { client } from "./session.js";
import { counted, fill, language, words } from "./words.js";

const ago = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const countries = new Intl.DisplayNames(language, { type: "region" });
const problem = byId("sessions-problem");
/** @type {[unit: Intl.RelativeTimeFormatUnit, seconds: number][]} */
const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

const list = byId("sessions");
const others = byId("end-others");

/** Reads the list of sessions and shows it. */
export async function showSessions() {
  say(problem, "");
  byId("sessions-again").hidden = true;
  try {
    render(await client.sessions());
  } catch (error) {
    if (!isRefusal(error)) throw error;
    sayDone("");
    say(problem, inWords(error));
    byId("sessions-again").hidden = client.status === "signed_out";
  }
}

/**
 * A session of the user. If the session belongs to an app, `app.name` is the app's name. It is null
 * if the user has withdrawn the app's access, or if the app was deleted.
 *
 * @typedef {Session & {app?: {name: string | null}}} Listed
 */

/** @param {Listed[]} sessions */
function render(sessions) {
  const [here, elsewhere] = [
    sessions.filter(({ current }) => current),
    sessions.filter(({ current }) => !current),
  ];
  list.replaceChildren(...[...here, ...elsewhere].map(entry));
  others.hidden = elsewhere.length === 0;
  const apps = elsewhere.filter(({ app }) => app).length;
  const devices = elsewhere.length - apps;
  const { only_here, here_and, in_apps } = words.sessions;
  sayDone(
    [
      devices === 0 ? only_here : counted(here_and, devices),
      apps === 0 ? "" : counted(in_apps, apps),
    ]
      .join(" ")
      .trim(),
  );
}

/** @param {Listed} session */
function entry(session) {
  const device = deviceOf(session);
  const badge = make("span", { className: "badge", textContent: words.sessions.this_device });
  badge.dataset.state = "good";
  const item = make(
    "li",
    {},
    make(
      "div",
      {},
      make("strong", { textContent: device, dir: "auto" }),
      session.current ? badge : "",
      make(
        "span",
        { className: "soft" },
        [placeOf(session), " "].join(""),
        when(words.sessions.last_used, session.last_used_at),
        " · ",
        when(words.sessions.signed_in, session.begun_at),
      ),
    ),
  );
  if (!session.current) item.append(endButton(session, device, item));
  return item;
}

/**
 * @param {Session} session
 * @param {string} device
 * @param {HTMLLIElement} item
 */
function endButton({ id, last_used_at }, device, item) {
  const { end, ending, end_this, ended, ended_last } = words.sessions;
  const button = make("button", { type: "button", className: "quiet", textContent: end });
  button.dataset.busy = ending;
  button.setAttribute("aria-label", fill(end_this, { device, time: relative(last_used_at) }));
  onClick(
    button,
    async () => {
      try {
        await client.endSession(id);
      } catch (error) {
        // The error `not_found` means that the session has ended already. The user wanted that, so
        // it is not an error here.
        if (!isRefusal(error) || error.code !== "not_found") throw error;
      }
      // The button that has the focus disappears with its item. So the focus moves to the next
      // item's button or, if there is none, to the heading.
      const next = item.nextElementSibling?.querySelector("button") ?? byId("where");
      item.remove();
      next.focus();
      const left = list.children.length - 1;
      others.hidden = left === 0;
      sayDone(left === 0 ? fill(ended_last, { device }) : counted(ended, left, { device }));
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
    sayDone(words.sessions.ended_all);
  },
  problem,
);
onClick(byId("sessions-again"), showSessions, null);

/**
 * Describes the device of a session, such as `Firefox on Linux`. If the session belongs to an app
 * named Notes, the text is `Notes, in Firefox on Linux`. Parts that the service does not know are
 * left out.
 *
 * @param {Listed} session
 */
function deviceOf({ app, device }) {
  const on = browserOf(device);
  return app
    ? fill(words.sessions.app_on, { app: appNamed(app.name ?? words.sessions.an_app), device: on })
    : on;
}

/** @param {Session["device"]} device */
function browserOf({ browser, os, type }) {
  const say = words.sessions;
  if (browser) return os ? fill(say.browser_on, { browser, system: os }) : browser;
  if (type) return fill(os ? say.a_device_on : say.a_device, { type, system: os ?? "" });
  return os ? fill(say.unknown_on, { system: os }) : say.unknown;
}

/**
 * The place and the network from which a session was used, such as `Leipzig, Germany · 203.0.113.0
 * ·`.
 *
 * @param {Session} session
 */
function placeOf({ place: { city, country }, network }) {
  const place = [city, country && countryName(country)].filter(Boolean).join(", ");
  return [place, network === "unknown" ? "" : network]
    .filter(Boolean)
    .map((part) => `${part} ·`)
    .join(" ");
}

/** @param {string} code */
function countryName(code) {
  try {
    return countries.of(code);
  } catch {
    // Cloudflare uses the code T1 for the Tor network. `Intl` throws, because T1 does not have the
    // form of a region's code.
    return code;
  }
}

/**
 * @param {string} sentence contains `{time}`, which is replaced by the time
 * @param {number} seconds
 */
function when(sentence, seconds) {
  const time = new Date(seconds * 1000);
  const element = make("time", {
    dateTime: time.toISOString(),
    title: time.toLocaleString(language),
    textContent: relative(seconds),
  });
  const [before, after = ""] = sentence.split("{time}");
  return make("span", {}, before, element, after);
}

/** @param {number} seconds */
function relative(seconds) {
  const past = Math.max(0, Date.now() / 1000 - seconds);
  const unit = UNITS.find(([, length]) => past >= length);
  return unit ? ago.format(-Math.floor(past / unit[1]), unit[0]) : words.sessions.just_now;
}

/** @param {string} text */
const sayDone = (text) => say(byId("sessions-said"), text);
