// The app in react-redirect.test.mjs. It is written without JSX, so that Node can run it unchanged.
import { RedirectClient } from "edgegate/redirect";
import { createElement as h, useEffect, useState, useSyncExternalStore } from "react";

// The client is created when this module is loaded, as in most apps. On the server there is no page
// at that time.
export const auth = new RedirectClient({
  // The page sets ISSUER. On the server any issuer works, because the server's client sends no
  // requests.
  issuer: Object(globalThis).ISSUER ?? "https://auth.example.com",
  clientId: "spa",
  redirectUri: "/",
});

// React calls these three functions without setting `this` to `auth`.
const { subscribe, getSnapshot, getServerSnapshot } = auth;

/** How often the effect has run. */
export const effects = { count: 0 };

export function App() {
  const { status, user } = useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot);
  const [returnTo, setReturnTo] = useState("");
  const [problem, setProblem] = useState("");
  // React's StrictMode runs this effect twice. The authorization code can be used only once, so
  // `handleRedirect` must tolerate this.
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
