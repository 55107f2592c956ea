// The app in react.test.mjs, which renders it on a server and in a browser. It is written without
// JSX, so that Node can run it unchanged.
import { AuthClient } from "edgegate/client";
import { createElement as h, useSyncExternalStore } from "react";

// Create the client when the module is loaded, as most apps do. On the server this happens without
// a page.
export const auth = new AuthClient();

// React calls these three functions without `auth` as their `this`.
const { subscribe, getSnapshot, getServerSnapshot } = auth;
const useAuth = () => useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot);

/** How often each component was rendered. */
export const renders = { greeting: 0, roles: 0 };

function Greeting() {
  renders.greeting += 1;
  const { status, user } = useAuth();
  if (status === "unknown") return h("p", { id: "greeting" }, "Loading");
  if (status === "signed_out") return h("p", { id: "greeting" }, "Sign in");
  return h("p", { id: "greeting" }, `Hello ${user.first_name ?? "you"}`);
}

function Roles() {
  renders.roles += 1;
  const { user } = useAuth();
  return h("p", { id: "roles" }, user ? user.roles.join(" ") : "none");
}

export const App = () => h("main", null, h(Greeting), h(Roles));
