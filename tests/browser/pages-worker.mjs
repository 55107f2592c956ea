// The pages as the Worker serves them, without its wasm. Everything else is not found.
import { answerPage, forPeople } from "../../src/edge/pages/index.mjs";

export default {
  fetch(request, env) {
    const page = answerPage(request, env);
    if (page) return page;
    const body = JSON.stringify({ type: "about:blank", status: 404, code: "not_found" });
    const headers = { "Content-Type": "application/problem+json", "X-Request-Id": "5f0c" };
    return forPeople(request, new Response(body, { status: 404, headers }), env);
  },
};
