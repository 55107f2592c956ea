// Types for the tests. Tests run functions in pages with `page.evaluate`, and these functions use
// global names that other scripts of the page define. Some other names and modules are declared
// here too, because their real types are not available where the tests are checked.

// The names are declared as members of `Window` instead of global variables. A global variable of
// the type AuthClient would make this type circular, because the package's types use `typeof
// globalThis`.
interface Window {
  // For tests/browser/browser.mjs: `places` are the positions at which a button was seen, and
  // `unanswered` is the number of answers that the page is still waiting for.
  noted: { places: Set<number>; unanswered: number };
  // tests/browser/client/pages.mjs
  client: import("../npm/edgegate/types/client.js").AuthClient;
  events: string[];
  // tests/package/react.test.mjs
  auth: import("../npm/edgegate/types/client.js").AuthClient;
  hydrate: () => void;
  texts: string[];
  renders: Record<string, number>;
  listening: Set<() => void>;
  root: { unmount(): void };
  // tests/package/react-redirect.test.mjs
  app: import("../npm/edgegate/types/redirect.js").RedirectClient;
  effects: { count: number };
  // axe-core, which tests/browser/every-state.test.mjs uses
  axe: { run(context: object, options: object): Promise<{ violations: object[] }> };
  // tests/browser/console.test.mjs, forms.test.mjs and challenge.test.mjs
  said: (string | null)[];
  announced: (string | null)[];
  language: string;
  resets: number;
  // tests/package/browser.test.mjs
  edgegate: typeof import("../npm/edgegate/types/index.js");
  check: (given: object) => Promise<unknown>;
}

// The types of Workers that src/edge/pages uses. The complete types of Workers can't be used here,
// because they contradict the types of browsers and of Node.
interface Fetcher {
  fetch(request: Request): Promise<Response>;
}
interface Rewritten {
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): this;
  removeAttribute(name: string): this;
  setInnerContent(content: string, options?: { html: boolean }): this;
}
declare class HTMLRewriter {
  on(selector: string, handlers: { element(element: Rewritten): void }): this;
  transform(response: Response): Response;
}

// tests/agreement/workerd.mjs imports this module. It runs in a folder beside the folder of the
// package.
declare module "*/edgegate/workerd.js" {
  type Package = typeof import("../npm/edgegate/types/index.js");
  export const EdgegateError: Package["EdgegateError"];
  export const Verifier: Package["Verifier"];
}
