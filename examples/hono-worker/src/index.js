// A Worker that accepts edgegate's access tokens. It checks the tokens itself, with the same code
// that edgegate uses.
import { Hono } from "hono";
import { guard } from "./guard.js";

/** @type {Hono<{ Variables: { claims: import("edgegate").Claims } }>} */
const app = new Hono();

app.get("/", (c) => c.text("Anybody may read this."));
app.get("/me", guard(), (c) => c.json({ id: c.get("claims").sub, roles: c.get("claims").roles }));
app.get("/admin", guard({ role: "admin" }), (c) => c.text("Only administrators read this."));
app.get("/users/:id/notes", guard({ owner: (c) => c.req.param("id") }), (c) => c.json([]));

export default app;
