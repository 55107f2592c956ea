// What the pages of the tests define for the functions that a test hands to `page.evaluate`, and
// what else the tests import or name that has no types where they are checked.

// Members of window, because a global variable of the type AuthClient makes that type circular: the
// package's types look at `typeof globalThis`.
interface Window {
  // tests/browser/browser.mjs: where a button was, and how many answers the page has not got yet
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
  // axe-core, for tests/browser/every-state.test.mjs
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

// The part of Workers that the Worker's pages (src/edge/pages) name. All types of Workers
// contradict those of browsers and of Node.
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

// tests/agreement/workerd.mjs is loaded beside the package.
declare module "*/edgegate/workerd.js" {
  type Package = typeof import("../npm/edgegate/types/index.js");
  export const EdgegateError: Package["EdgegateError"];
  export const Verifier: Package["Verifier"];
}
