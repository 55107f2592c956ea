// The app that react.test.mjs renders on a server and in a browser. It is written without JSX, so
// that Node can run it unchanged.
import { AuthClient } from "edgegate/client";
import { createElement as h, useSyncExternalStore } from "react";

// The client is created when this module is loaded, as in most apps. On the server there is no page
// at that time.
export const auth = new AuthClient();

// React calls these three functions without setting `this` to `auth`.
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
