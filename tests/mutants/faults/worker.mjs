// Faults in the Worker around the service: in its headers, its instances and its logs.
import { script } from "./commands.mjs";

/** @type {import("./index.mjs").Fault[]} */
export const worker = [
  {
    id: "hsts-without-subdomains",
    promise:
      "Answers of the Worker and the pages have the same Strict-Transport-Security, with includeSubDomains.",
    file: "src/edge/exchange.js",
    search: '"max-age=31536000; includeSubDomains"',
    replace: '"max-age=31536000"',
    command: script("tests/edge/exchange.test.mjs"),
    killers: ["browsers are told once and for all to use HTTPS, by the Worker and by the pages"],
  },
  {
    id: "dead-instance-is-called",
    promise: "After a trap nothing runs on that instance any more.",
    file: "src/edge/instance.mjs",
    search: "if (state.isDead) return refuse(state);",
    replace: "",
    command: script("tests/edge/instance.test.mjs"),
    killers: [
      "what JavaScript calls on a dead instance, without an entry point, does not run and does not throw",
    ],
  },
  {
    id: "instance-not-replaced-first",
    promise: "After a trap the next call gets a new instance before its first argument is copied.",
    file: "src/edge/instance.mjs",
    search:
      "if (current.isDead || current.depth > 0) replace(current, makeInstance);\n    return whileItLives(call(...values));",
    replace:
      "const outcome = whileItLives(call(...values));\n    if (current.isDead || current.depth > 0) replace(current, makeInstance);\n    return outcome;",
    command: script("tests/edge/instance.test.mjs"),
    killers: ["an entry point has a new instance before its first argument is read"],
  },
  {
    id: "platform-logs-headers",
    promise: "Cloudflare's line for each request, with its headers and addresses, is switched off.",
    file: "wrangler.toml",
    search: "invocation_logs = false",
    replace: "invocation_logs = true",
    command: script("tests/setup/platform-logs.test.mjs"),
    killers: ["wrangler.toml switches off what holds queries, headers and addresses"],
  },
];
