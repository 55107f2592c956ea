// A Worker that serves the pages as edgegate's Worker does, but without the wasm. All other paths
// are answered 404.
import { ALWAYS } from "../../src/edge/exchange.js";
import { answerPage, forPeople } from "../../src/edge/pages/index.mjs";

export default {
  fetch(request, env) {
    const page = answerPage(request, env);
    if (page) return page;
    const body = JSON.stringify({ type: "about:blank", status: 404, code: "not_found" });
    const headers = new Headers({
      ...ALWAYS,
      "Content-Type": "application/problem+json",
      "X-Request-Id": "5f0c",
    });
    const origin = request.headers.get("Origin");
    if (origin !== null) {
      headers.set("Access-Control-Allow-Origin", origin);
      headers.set("Vary", "Origin");
      headers.set("Accept-Encoding", "identity");
      headers.append("Set-Cookie", "a=; Max-Age=0");
      headers.append("Set-Cookie", "b=; Max-Age=0");
    }
    return forPeople(request, new Response(body, { status: 404, headers }), env);
  },
};
