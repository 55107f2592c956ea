// The app of react-redirect.test.mjs. It uses no JSX, so that Node can run it unchanged.
import { RedirectClient } from "edgegate/redirect";
import { createElement as h, useEffect, useState, useSyncExternalStore } from "react";

// The client is made at the top of a module, as in most apps. On the server there is no page.
export const auth = new RedirectClient({
  // The page sets this. The server that renders the page sends no requests.
  issuer: Object(globalThis).ISSUER ?? "https://auth.example.com",
  clientId: "spa",
  redirectUri: "/",
});

// React calls these three functions without their client.
const { subscribe, getSnapshot, getServerSnapshot } = auth;

/** How often the effect has run. */
export const effects = { count: 0 };

export function App() {
  const { status, user } = useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot);
  const [returnTo, setReturnTo] = useState("");
  const [problem, setProblem] = useState("");
  // StrictMode runs this effect twice, but a code works only once.
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
