// The app in react-redirect.test.mjs. It is written without JSX, so that Node can run it unchanged.
import { RedirectClient } from "edgegate/redirect";
import { createElement as h, useEffect, useState, useSyncExternalStore } from "react";

// Create the client when the module is loaded, as most apps do. On the server this happens without
// a page.
export const auth = new RedirectClient({
  // The page sets ISSUER. On the server any issuer will do, because it sends no requests.
  issuer: Object(globalThis).ISSUER ?? "https://auth.example.com",
  clientId: "spa",
  redirectUri: "/",
});

// React calls these three functions without `auth` as their `this`.
const { subscribe, getSnapshot, getServerSnapshot } = auth;

/** How often the effect has run. */
export const effects = { count: 0 };

export function App() {
  const { status, user } = useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot);
  const [returnTo, setReturnTo] = useState("");
  const [problem, setProblem] = useState("");
  // StrictMode runs this effect twice, although an authorization code can be used only once.
  useEffect(() => {
    effects.count += 1;
    auth.handleRedirect().then(
      (result) => result && setReturnTo(result.returnTo),
      (error) => setProblem(error.code),
    );
  }, []);
  return h(
    "main",
    null,
    h("p", { id: "greeting" }, status === "signed_in" ? `Hello ${user.first_name}` : status),
    h("p", { id: "return-to" }, returnTo),
    h("p", { id: "problem" }, problem),
  );
}
