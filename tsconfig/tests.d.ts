// What the pages of the tests define for the functions that a test hands to `page.evaluate`, and
// what else the tests import or name that has no types where they are checked.

// tests/browser/client/pages.mjs, tests/package/react.test.mjs
declare var client: import("../npm/edgegate/types/client.js").AuthClient;
declare var events: string[];
declare var auth: import("../npm/edgegate/types/client.js").AuthClient;
declare var hydrate: () => void;
declare var texts: string[];
declare var renders: Record<string, number>;
declare var listening: Set<() => void>;
declare var root: { unmount(): void };
// axe-core
declare var axe: { run(context: object, options: object): Promise<{ violations: object[] }> };

interface Window {
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
