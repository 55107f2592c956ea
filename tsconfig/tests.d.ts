// What the pages of the tests define for the functions that a test hands to `page.evaluate`, and
// what else the tests import or name that has no types where they are checked.

import type { AuthClient } from "../npm/edgegate/types/client.js";

declare global {
  // tests/browser/client/pages.mjs, tests/package/react.test.mjs
  var client: AuthClient;
  var events: string[];
  var auth: AuthClient;
  var hydrate: () => void;
  var texts: string[];
  var renders: Record<string, number>;
  var listening: Set<() => void>;
  var root: { unmount(): void };
  // axe-core
  var axe: { run(context: object, options: object): Promise<{ violations: object[] }> };

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
  class HTMLRewriter {
    on(selector: string, handlers: { element(element: Rewritten): void }): this;
    transform(response: Response): Response;
  }
}
