// A fake mail provider: an HTTP server on this machine. It checks every request against the
// vendor's own API description (tests/mail/vendors), and sends the answers that the test chooses.
//
//   const vendor = await startVendor("resend");      // set MAIL_API_URL to vendor.url
//   // These answers, in order; after them, mails are accepted.
//   vendor.answerTo("ada@example.com", { status: 429, headers: { "retry-after": "13" } }, …);
//   // { to, key, headers, body, at, problems }
//   const call = await vendor.call("ada@example.com");
//   await vendor.stop();
//
// An answer is { status, headers, body, cut, wait }. `cut` ends the connection "before" the answer
// or "within" it. `wait` delays the answer by that many milliseconds. With `early`, the headers and
// the first bytes are sent at once, and only the rest waits.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { eventually } from "../workers.mjs";

export const KEY = "key-0f9e8d7c6b5a";
export const FROM = { name: "Example Login", email: "login@example.com" };
const NAMED = `"${FROM.name}" <${FROM.email}>`;

const bearer = (headers) => headers.authorization === `Bearer ${KEY}`;

/**
 * For each vendor: its answers, and those rules for requests that a program can't read from the
 * vendor's API description.
 */
export const VENDORS = {
  resend: {
    path: "/emails",
    admits: bearer,
    to: ({ to }) => to[0],
    from: ({ from }) => from === NAMED,
    parts: ({ text, html }) => [text, html],
    key: (_, headers) => headers["idempotency-key"],
    sent: { status: 200, body: { id: "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794" } },
    answers: [
      [
        {
          status: 422,
          body: { statusCode: 422, name: "validation_error", message: "Invalid `to` field." },
        },
        "undeliverable",
      ],
      [
        {
          status: 422,
          body: { statusCode: 422, name: "missing_required_field", message: "Missing `subject`." },
        },
        "dead",
      ],
      [
        {
          status: 409,
          body: {
            statusCode: 409,
            name: "invalid_idempotent_request",
            message: "Another payload.",
          },
        },
        "sent",
      ],
      [
        {
          status: 409,
          body: {
            statusCode: 409,
            name: "concurrent_idempotent_requests",
            message: "In progress.",
          },
        },
        "later",
      ],
      [
        {
          status: 403,
          body: { statusCode: 403, name: "invalid_api_key", message: `API key ${KEY} is invalid` },
        },
        "later",
      ],
      [{ status: 200, body: {} }, "later"],
    ],
  },
  postmark: {
    path: "/email",
    admits: (headers) => headers["x-postmark-server-token"] === KEY,
    to: ({ To }) => To,
    from: ({ From }) => From === NAMED,
    parts: ({ TextBody, HtmlBody }) => [TextBody, HtmlBody],
    headers: ({ Headers }) => Object.fromEntries(Headers.map(({ Name, Value }) => [Name, Value])),
    untracked: ({ TrackOpens, TrackLinks }) => TrackOpens === false && TrackLinks === "None",
    sent: {
      status: 200,
      body: {
        ErrorCode: 0,
        Message: "OK",
        MessageID: "0a",
        SubmittedAt: "2026-11-24T12:00:00Z",
        To: "x",
      },
    },
    answers: [
      [
        {
          status: 422,
          body: { ErrorCode: 406, Message: "You tried to send to a recipient that is inactive." },
        },
        "undeliverable",
      ],
      [
        { status: 422, body: { ErrorCode: 300, Message: "Invalid 'To' address: 'x'." } },
        "undeliverable",
      ],
      [
        { status: 200, body: { ErrorCode: 406, Message: "Inactive recipient under a 200." } },
        "undeliverable",
      ],
      [{ status: 422, body: { ErrorCode: 402, Message: "Invalid JSON" } }, "dead"],
      [{ status: 422, body: { ErrorCode: 412, Message: "Account is pending" } }, "later"],
      [{ status: 401, body: { ErrorCode: 10, Message: `Bad token ${KEY}` } }, "later"],
      [{ status: 200, body: {} }, "later"],
    ],
  },
  sendgrid: {
    path: "/v3/mail/send",
    admits: bearer,
    to: ({ personalizations }) => personalizations[0].to[0].email,
    from: ({ from }) => from.email === FROM.email && from.name === FROM.name,
    parts: ({ content }) =>
      ["text/plain", "text/html"].map((type) => content.find((part) => part.type === type)?.value),
    untracked: ({ tracking_settings: settings }) =>
      ["click_tracking", "open_tracking", "subscription_tracking", "ganalytics"].every(
        (name) => settings[name].enable === false,
      ),
    sent: { status: 202 },
    answers: [
      [
        {
          status: 400,
          body: {
            errors: [
              {
                field: "personalizations.0.to.0.email",
                message: "Does not contain a valid address.",
              },
            ],
          },
        },
        "undeliverable",
      ],
      [{ status: 400, body: { errors: [{ field: "null", message: "invalid request" }] } }, "dead"],
      [
        { status: 413, body: { errors: [{ field: "null", message: "content too large" }] } },
        "dead",
      ],
      [
        { status: 401, body: { errors: [{ field: "null", message: "authorization required" }] } },
        "later",
      ],
      [
        {
          status: 403,
          body: { errors: [{ field: "null", message: `access forbidden to ${KEY}` }] },
        },
        "later",
      ],
      [{ status: 404, body: { errors: [{ field: "null", message: "not found" }] } }, "later"],
      [
        { status: 405, body: { errors: [{ field: "null", message: "method not allowed" }] } },
        "later",
      ],
    ],
  },
  mailgun: {
    path: "/v3/example.com/messages",
    template: "/v3/{domain_name}/messages",
    admits: (headers) =>
      headers.authorization === `Basic ${Buffer.from(`api:${KEY}`).toString("base64")}`,
    to: ({ to }) => to[0],
    from: ({ from }) => from === NAMED,
    parts: ({ text, html }) => [text, html],
    headers: (form) =>
      Object.fromEntries(
        Object.entries(form)
          .filter(([name]) => name.startsWith("h:"))
          .map(([name, value]) => [name.slice(2), value]),
      ),
    untracked: (form) =>
      ["o:tracking", "o:tracking-clicks", "o:tracking-opens"].every((name) => form[name] === "no"),
    sent: { status: 200, body: { id: "<message-id>", message: "Queued. Thank you." } },
    answers: [
      [
        {
          status: 400,
          body: { message: "to parameter is not a valid address. please check documentation." },
        },
        "undeliverable",
      ],
      [
        {
          status: 400,
          body: {
            message:
              "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified.",
          },
        },
        "dead",
      ],
      [{ status: 401, body: "Forbidden" }, "later"],
      [
        { status: 401, body: `Basic ${Buffer.from(`api:${KEY}`).toString("base64")} is forbidden` },
        "later",
      ],
      [{ status: 200, body: { message: "Queued." } }, "later"],
    ],
  },
  brevo: {
    path: "/v3/smtp/email",
    template: "/smtp/email",
    base: "/v3",
    admits: (headers) => headers["api-key"] === KEY,
    to: ({ to }) => to[0].email,
    from: ({ sender }) => sender.email === FROM.email && sender.name === FROM.name,
    parts: ({ textContent, htmlContent }) => [textContent, htmlContent],
    key: ({ headers }) => headers.idempotencyKey,
    sent: { status: 201, body: { messageId: "<201798300811.5787683@relay.domain.com>" } },
    answers: [
      [{ status: 202, body: { messageId: "<201798300811.5787683@relay.domain.com>" } }, "sent"],
      [
        { status: 400, body: { code: "duplicate_parameter", message: "idempotencyKey was used" } },
        "sent",
      ],
      [
        { status: 400, body: { code: "invalid_parameter", message: "email is not valid in to" } },
        "undeliverable",
      ],
      [{ status: 400, body: { code: "missing_parameter", message: "subject is missing" } }, "dead"],
      [{ status: 400, body: { code: "not_enough_credits", message: "no credits" } }, "later"],
      [{ status: 401, body: { code: "unauthorized", message: `Key ${KEY} not found` } }, "later"],
      [{ status: 201, body: {} }, "later"],
    ],
  },
  cloudflare: {
    path: "/client/v4/accounts/0a1b2c/email/sending/send",
    template: "/accounts/{account_id}/email/sending/send",
    base: "/client/v4/accounts/0a1b2c",
    admits: bearer,
    to: ({ to }) => to,
    from: ({ from }) => from.address === FROM.email && from.name === FROM.name,
    parts: ({ text, html }) => [text, html],
    sent: { status: 200, body: envelope({ delivered: ["x@example.com"] }) },
    answers: [
      [{ status: 200, body: envelope({ queued: ["x@example.com"] }) }, "sent"],
      [{ status: 200, body: envelope({ permanent_bounces: ["x@example.com"] }) }, "undeliverable"],
      [
        { status: 200, body: envelope({ suppressed_recipients: ["x@example.com"] }) },
        "undeliverable",
      ],
      [{ status: 200, body: refusal(10202, "email.invalid") }, "dead"],
      [{ status: 400, body: refusal(10001, "invalid_request_schema") }, "dead"],
      [{ status: 400, body: refusal(10200, "email.too_big") }, "dead"],
      [{ status: 401, body: refusal(10101, "authentication.unauthorized") }, "later"],
      [{ status: 403, body: refusal(10203, "email.sending_disabled") }, "later"],
      [{ status: 404, body: refusal(10000, "not_found") }, "later"],
      [{ status: 503, body: refusal(10100, "authentication.upstream") }, "later"],
      [{ status: 200, body: envelope({}) }, "later"],
    ],
  },
};

function envelope(result) {
  return {
    success: true,
    errors: [],
    messages: [],
    result: { delivered: [], queued: [], permanent_bounces: [], ...result },
  };
}

function refusal(code, message) {
  return {
    success: false,
    errors: [{ code, message: `email.sending.error.${message}` }],
    messages: [],
    result: null,
  };
}

/** Starts the vendor's server on a free port. */
export async function startVendor(name) {
  const vendor = VENDORS[name];
  const judge = judgeOf(name);
  const told = new Map();
  const calls = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const call = await judge(request, Buffer.concat(chunks));
    calls.push({ ...call, at: performance.now() });
    // A request that breaks the vendor's rules is answered 418. So a test fails even if it does not
    // look at `problems`.
    const answer =
      call.problems.length > 0
        ? { status: 418, body: call.problems.join("; ") }
        : (told.get(call.to)?.shift() ?? vendor.sent);
    await send(response, answer);
  });
  await /** @type {Promise<void>} */ (new Promise((done) => server.listen(0, "127.0.0.1", done)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    url: origin + (vendor.base ?? ""),
    calls,
    answerTo: (to, ...answers) => told.set(to, answers),
    /**
     * Waits until more than `known` calls have sent a mail to this address. Returns the first call
     * after the first `known` ones.
     */
    call: (to, known = 0, seconds) =>
      eventually(() => calls.filter((call) => call.to === to)[known], seconds),
    stop: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

async function send(response, { status = 200, headers = {}, body, cut, wait = 0, early = false }) {
  if (cut === "before") return response.socket.destroy();
  const pause = () => new Promise((done) => setTimeout(done, wait).unref());
  if (!early) await pause();
  const isText = body === undefined || typeof body === "string";
  response.writeHead(status, {
    "content-type": isText ? "text/html" : "application/json",
    ...headers,
  });
  const text = isText ? (body ?? "") : JSON.stringify(body);
  if (cut === "within") return response.write(text.slice(0, 5), () => response.socket.destroy());
  if (early) {
    response.write(text.slice(0, 5));
    await pause();
    return response.end(text.slice(5));
  }
  response.end(text);
}

/** Returns a function that reads a request, and returns its mail and what is wrong with it. */
function judgeOf(name) {
  const vendor = VENDORS[name];
  const document = JSON.parse(
    readFileSync(new URL(`../../mail/vendors/${name}.json`, import.meta.url), "utf8"),
  );
  const template = vendor.template ?? vendor.path;
  const operation = document.paths[template].post;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(closed(document), name);
  const [pointer, type] = bodySchema(document, template, operation);
  const validate = ajv.compile({ $ref: `${name}#/${pointer.map(escaped).join("/")}` });
  const headerSchemas = (operation.parameters ?? []).filter(
    (parameter) => parameter.in === "header",
  );

  return async (
    /** @type {import("node:http").IncomingMessage} */ { method, url, headers },
    bytes,
  ) => {
    const problems = [];
    const expect = (holds, problem) => holds || problems.push(problem);
    expect(method === "POST", `${method} instead of POST`);
    expect(url === vendor.path, `${url} instead of ${vendor.path}`);
    expect(vendor.admits(headers), "the credential is not where it belongs");
    expect(
      /^edgegate\//.test(headers["user-agent"] ?? ""),
      `the user agent is ${headers["user-agent"]}`,
    );
    for (const { name: header, required, schema } of headerSchemas) {
      const value = headers[header.toLowerCase()];
      expect(value !== undefined || !required, `no ${header}`);
      expect(
        value === undefined || !schema?.maxLength || value.length <= schema.maxLength,
        `${header} is too long`,
      );
    }
    expect(
      (headers["content-type"] ?? "").split(";")[0] === type,
      `${headers["content-type"]} instead of ${type}`,
    );
    const body =
      type === "application/json"
        ? JSON.parse(bytes)
        : await form(bytes, headers["content-type"], document);
    expect(validate(body), ajv.errorsText(validate.errors));
    expect(vendor.from(body), "another sender");
    expect(vendor.untracked?.(body) ?? true, "tracking is not switched off");
    // The mail must have two headers that stop programs from replying automatically: the header of
    // RFC 3834 section 5, and the header that Exchange reads.
    const { "Auto-Submitted": auto, "X-Auto-Response-Suppress": exchange } = (
      vendor.headers ?? (({ headers }) => headers)
    )(body);
    expect(auto === "auto-generated" && exchange === "All", "programs may answer the mail");
    const [text, html] = vendor.parts(body);
    expect(
      /#egl_[\w-]+/.test(text) && /^<!doctype html>/i.test(html),
      "the text or the HTML is not as it was written",
    );
    return {
      to: vendor.to(body),
      key: vendor.key?.(body, headers),
      headers,
      body: bytes.toString(),
      problems,
    };
  };
}

/**
 * Returns a JSON pointer to the schema of the operation's request body, and the media type of the
 * body.
 */
function bodySchema(document, template, operation) {
  const here = ["paths", template, "post"];
  if (document.swagger) {
    const index = operation.parameters.findIndex((parameter) => parameter.in === "body");
    return [[...here, "parameters", `${index}`, "schema"], document.consumes[0]];
  }
  const reference = operation.requestBody.$ref;
  const pointer = reference ? reference.slice(2).split("/") : [...here, "requestBody"];
  const content = pointer.reduce((value, step) => value[step], document).content;
  const [type] = Object.keys(content);
  return [[...pointer, "content", type, "schema"], type];
}

const escaped = (step) => encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1"));

/**
 * Returns a copy of the API description that is stricter: an object is invalid if it has a member
 * that the description does not name.
 */
function closed(value) {
  if (Array.isArray(value)) return value.map(closed);
  if (value === null || typeof value !== "object") return value;
  const copy = Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, closed(member)]),
  );
  if (!copy.properties) return copy;
  // Mailgun's description has only one example of a header, `h:X-My-Header`. Allow all headers of
  // this form.
  const header = copy.properties["h:X-My-Header"];
  const patterns = header && { patternProperties: { "^h:[A-Z][A-Za-z-]*$": header } };
  return { ...copy, ...patterns, additionalProperties: false };
}

/**
 * Reads a multipart form. A field becomes an array if the API description declares it as an array,
 * or if it occurs several times.
 */
async function form(bytes, type, document) {
  const fields = await new Response(bytes, { headers: { "content-type": type } }).formData();
  const [schema] = Object.values(document.components.schemas);
  return Object.fromEntries(
    [...new Set(fields.keys())].map((name) => {
      const values = fields.getAll(name);
      return [
        name,
        schema.properties[name]?.type === "array"
          ? values
          : values.length === 1
            ? values[0]
            : values,
      ];
    }),
  );
}
