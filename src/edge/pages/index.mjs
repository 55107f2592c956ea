// Serves the HTML pages. The HTML files in www/ contain no text except names, such as edgegate, and
// examples of code. This module inserts the texts of one language (www/words/<language>.json) and
// the settings that a page needs.
import { ALWAYS } from "../exchange.js";
import { languageOf } from "./language.mjs";
import { PAGES, pageMeant } from "./paths.mjs";

/**
 * @typedef {object} PageSettings
 * @property {Fetcher} [ASSETS] Absent in a Worker without pages.
 * @property {string} [AUDIENCE]
 * @property {string} [MAIL_LOCALE]
 * @property {string} [PASSWORD_MIN_LENGTH]
 * @property {string} [TURNSTILE_SITE_KEY]
 *
 * @typedef {Record<string, Record<string, string | Record<string, string>>>} Words
 */

// Errors at these paths are never shown as a page, even if `Accept` prefers HTML. A request to
// /auth/authorized might come from a forward-auth proxy, which sends the `Accept` header of its own
// client. Operators who open /healthz in a browser need to see its JSON.
const ALWAYS_FOR_PROGRAMS = ["/auth/authorized", "/healthz"];
const TURNSTILE = "https://challenges.cloudflare.com";
// The pages that have an element for Turnstile's widget.
const WITH_CHALLENGE = ["/sign-in", "/register", "/forgot-password"];

// Headers that describe the body of an error, and the headers that every answer without a page has.
// When a page replaces the body, the page's own headers replace these headers.
const OF_THE_BODY = ["Content-Type", "Content-Length", ...Object.keys(ALWAYS)].map((name) =>
  name.toLowerCase(),
);
// If both the error and the page have one of these headers, the answer has the values of both.
const SEVERAL = ["set-cookie", "vary"];

/**
 * Answers a request for a page. Null if the request is not for a page.
 *
 * @param {Request} request
 * @param {PageSettings} env
 * @returns {Promise<Response> | Response | null}
 */
export function answerPage(request, env) {
  if (!env.ASSETS) return null;
  const { pathname, search } = new URL(request.url);
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (PAGES.includes(pathname))
    return isRead ? render(request, env, pathname) : refuseMethod(request, env);
  const page = isRead && pageMeant(pathname);
  if (!page) return null;
  const headers = { ...ALWAYS, Location: page + search, "X-Request-Id": crypto.randomUUID() };
  return new Response(null, { status: 302, headers });
}

/**
 * If the answer is an error and the request came from a person's browser, returns an error page
 * with the same status and headers. Otherwise returns the answer unchanged.
 *
 * @param {Request} request
 * @param {Response} answer
 * @param {PageSettings} env
 */
export function forPeople(request, answer, env) {
  if (answer.status < 400 || !env.ASSETS || !isForPerson(request)) return answer;
  // If the answer is already a page (src/edge/page.rs), it says more about the error than the error
  // page could.
  if (answer.headers.get("Content-Type")?.startsWith("text/html")) return answer;
  return refusalPage(request, answer, env);
}

/** @param {Request} request */
function isForPerson(request) {
  if (ALWAYS_FOR_PROGRAMS.includes(new URL(request.url).pathname)) return false;
  return prefersHtml(request.headers.get("Accept") ?? "");
}

/**
 * Whether `Accept` (RFC 9110 section 12.5.1) names HTML and prefers it to JSON. A wildcard does not
 * name HTML, because programs that want JSON often send a wildcard.
 *
 * @param {string} accept
 */
export function prefersHtml(accept) {
  const weightOf = (/** @type {RegExp} */ type) =>
    accept
      .toLowerCase()
      .split(",")
      .map((range) => range.split(";").map((part) => part.trim()))
      .filter(([name]) => type.test(name))
      .map(([, ...parameters]) => {
        const weight = parameters.find((parameter) => parameter.startsWith("q="));
        return weight === undefined ? 1 : Number(weight.slice(2)) || 0;
      })
      .reduce((most, weight) => Math.max(most, weight), 0);
  return weightOf(/^text\/html$/) > weightOf(/^application\/(problem\+)?json$/);
}

/**
 * @param {Request} request
 * @param {PageSettings} env
 * @param {string} path
 */
async function render(request, env, path) {
  const language = languageOf(request, env.MAIL_LOCALE);
  const [page, words] = await Promise.all([
    assetOf(request, env, path),
    wordsOf(request, env, language),
  ]);
  if (!page.ok) return page;
  const headers = headersOf(page, language);
  const policy = headers.get("Content-Security-Policy");
  if (env.TURNSTILE_SITE_KEY && policy && WITH_CHALLENGE.includes(path))
    headers.set("Content-Security-Policy", allowTurnstile(policy));
  const response = new Response(page.body, { status: 200, headers });
  return withWords(words, language, env).transform(response);
}

/**
 * @param {Request} request
 * @param {PageSettings} env
 */
function refuseMethod(request, env) {
  const body = {
    type: "about:blank",
    title: "The method is not allowed here",
    status: 405,
    code: "method_not_allowed",
    detail: "this path takes GET, HEAD",
  };
  const headers = {
    ...ALWAYS,
    "Content-Type": "application/problem+json",
    Allow: "GET, HEAD",
    "X-Request-Id": crypto.randomUUID(),
  };
  const answer = new Response(JSON.stringify(body), { status: 405, headers });
  return forPeople(request, answer, env);
}

/**
 * @param {Request} request
 * @param {Response} answer
 * @param {PageSettings} env
 */
async function refusalPage(request, answer, env) {
  const language = languageOf(request, env.MAIL_LOCALE);
  const [page, words] = await Promise.all([
    assetOf(request, env, "/error"),
    wordsOf(request, env, language),
  ]);
  if (!page.ok) return answer;
  const { status } = answer;
  const headers = headersOf(page, language);
  for (const [name, value] of answer.headers) {
    if (OF_THE_BODY.includes(name.toLowerCase())) continue;
    if (SEVERAL.includes(name.toLowerCase())) headers.append(name, value);
    else headers.set(name, value);
  }
  headers.append("Vary", "Accept");
  const known = status >= 500 && status !== 503 ? "500" : `${status}`;
  const kind = words.error[`title_${known}`] === undefined ? "other" : known;
  const seconds = /^\d+$/.test(headers.get("Retry-After") ?? "")
    ? headers.get("Retry-After")
    : "60";
  const id = headers.get("X-Request-Id");
  /** @type {Record<string, string>} */
  const said = {
    title: text(words.error[`title_${kind}`]),
    lead: text(words.error[`lead_${kind}`]).replace("{seconds}", `${seconds}`),
    details: [
      text(words.error.details)
        .replace("{status}", `${status}`)
        .replace("{code}", await codeOf(answer)),
      id && text(words.error.request).replace("{id}", id),
    ]
      .filter(Boolean)
      .join(", "),
  };
  const response = new Response(page.body, { status, headers });
  return withWords(words, language, env)
    .on("[data-refusal]", {
      element(element) {
        element.setInnerContent(said[element.getAttribute("data-refusal") ?? ""] ?? "");
        element.removeAttribute("data-refusal");
      },
    })
    .transform(response);
}

/**
 * The error code in the JSON body of an error, or "" if there is none.
 *
 * @param {Response} answer
 */
async function codeOf(answer) {
  /** @type {{code?: unknown, error?: unknown}} */
  const { code, error } = await answer.json().catch(() => ({}));
  const found = code ?? error;
  return typeof found === "string" ? found : "";
}

/**
 * @param {Request} request
 * @param {PageSettings} env
 * @param {string} path
 */
async function assetOf(request, env, path) {
  const { ASSETS } = env;
  if (!ASSETS) throw new Error("there are no pages");
  return ASSETS.fetch(new Request(new URL(path, request.url)));
}

/**
 * @param {Request} request
 * @param {PageSettings} env
 * @param {string} language
 * @returns {Promise<Words>}
 */
async function wordsOf(request, env, language) {
  return (await assetOf(request, env, `/words/${language}.json`)).json();
}

/**
 * The headers of a page: those from www/_headers, and `Cache-Control`, `Content-Language` and
 * `Vary`. `Content-Length`, `ETag` and `Last-Modified` are removed, because they describe the HTML
 * file before the texts were inserted.
 *
 * @param {Response} page
 * @param {string} language
 */
function headersOf(page, language) {
  const headers = new Headers(page.headers);
  for (const name of ["Content-Length", "ETag", "Last-Modified"]) headers.delete(name);
  headers.set("Cache-Control", "no-store");
  headers.set("Content-Language", language);
  headers.append("Vary", "Accept-Language");
  return headers;
}

/**
 * Changes a Content-Security-Policy so that it allows Turnstile's script and frame, as Turnstile's
 * documentation says. The script does not support Trusted Types, so the directives that require
 * them are removed.
 *
 * @param {string} policy
 */
function allowTurnstile(policy) {
  return policy
    .split("; ")
    .filter((directive) => !/^(require-trusted-types-for|trusted-types) /.test(directive))
    .map((directive) => (/^script-src /.test(directive) ? `${directive} ${TURNSTILE}` : directive))
    .concat(`frame-src ${TURNSTILE}`)
    .join("; ");
}

/**
 * @param {Words} words
 * @param {string} language
 * @param {PageSettings} env
 */
function withWords(words, language, env) {
  /** @type {string[]} The names of the sections of `words` that the page's script needs. */
  let sections = [];
  return new HTMLRewriter()
    .on("html", {
      element(element) {
        element.setAttribute("lang", language);
        sections = element.getAttribute("data-words-for-script")?.split(" ") ?? [];
        element.removeAttribute("data-words-for-script");
      },
    })
    .on("#words", {
      element(element) {
        const used = Object.fromEntries(sections.map((name) => [name, words[name]]));
        // `<` is escaped. Otherwise a text that contains `</script>` would end the script element.
        const json = JSON.stringify(used).replaceAll("<", "\\u003c");
        element.setInnerContent(json, { html: true });
      },
    })
    .on("[data-words]", {
      element(element) {
        const key = element.getAttribute("data-words") ?? "";
        element.setInnerContent(wordAt(words, key), { html: key.endsWith("_html") });
        element.removeAttribute("data-words");
      },
    })
    .on("[data-words-note]", {
      // This attribute is for <noscript>. HTMLRewriter treats the content of <noscript> as text and
      // finds no elements in it, so this code inserts the whole paragraph.
      element(element) {
        const key = element.getAttribute("data-words-note") ?? "";
        element.setInnerContent(`<p class="note">${wordAt(words, key)}</p>`, { html: true });
        element.removeAttribute("data-words-note");
      },
    })
    .on("[data-words-in]", {
      // The value is a list of pairs. Each pair is the name of an attribute and the key of a text:
      // `aria-label:password.show data-busy:sign_in.busy`
      element(element) {
        for (const pair of (element.getAttribute("data-words-in") ?? "").split(" ")) {
          const [name, key] = pair.split(":");
          element.setAttribute(name, wordAt(words, key));
        }
        element.removeAttribute("data-words-in");
      },
    })
    .on("#challenge", {
      element(element) {
        if (env.TURNSTILE_SITE_KEY) element.setAttribute("data-site-key", env.TURNSTILE_SITE_KEY);
      },
    })
    .on("#audience", {
      element(element) {
        const { AUDIENCE } = env;
        if (typeof AUDIENCE === "string" && AUDIENCE) element.setAttribute("value", AUDIENCE);
      },
    })
    .on(".strength", {
      // The setting is read as the service reads it. If it is not a number, the service refuses to
      // work, and the page needs no number.
      element(element) {
        const least = `${env.PASSWORD_MIN_LENGTH ?? ""}`.trim();
        if (/^\+?\d+$/.test(least)) element.setAttribute("data-least", `${Number(least)}`);
      },
    });
}

/**
 * @param {Words} words
 * @param {string} key
 */
function wordAt(words, key) {
  const [section, name] = key.split(".");
  return text(words[section]?.[name]);
}

/** @param {unknown} word */
const text = (word) => (typeof word === "string" ? word : "");
