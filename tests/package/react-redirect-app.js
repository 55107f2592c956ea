// The app of react-redirect.test.mjs. Without JSX, so that Node runs it as it is.
import { RedirectClient } from "edgegate/redirect";
import { createElement as h, useEffect, useState, useSyncExternalStore } from "react";

// At the top of a module, as in most apps. On the server there is no page.
export const auth = new RedirectClient({
  // The page's settings. The server that renders it sends nothing.
  issuer: Object(globalThis).ISSUER ?? "https://auth.example.com",
  clientId: "spa",
  redirectUri: "/",
});

// React reads these three without their client.
const { subscribe, getSnapshot, getServerSnapshot } = auth;

/** How often the effect has run. */
export const effects = { count: 0 };

export function App() {
  const { status, user } = useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot);
  const [returnTo, setReturnTo] = useState("");
  const [problem, setProblem] = useState("");
  // StrictMode runs it twice. A code works only once.
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
