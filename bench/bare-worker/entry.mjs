// edgegate's Worker with additional paths below /bare/. At these paths, the Worker does only the
// part of a request's work that can't be left out (src/lib.rs).
import { bare } from "edgegate-wasm";
import Edgegate from "../../src/edge/entry.mjs";

export { Account, Auth, MailGate, Sessions } from "../../src/edge/entry.mjs";

export default class extends Edgegate {
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/bare/")) return super.fetch(request);
    const token = request.headers.get("Authorization")?.slice("Bearer ".length) ?? "";
    const isDone = bare(pathname, token, this.env);
    return Response.json({ authorized: isDone }, { status: isDone ? 200 : 404 });
  }
}
