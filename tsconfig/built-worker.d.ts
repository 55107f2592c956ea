// Declares the built Worker and its wasm. The Workers of the tests import both from the folder in
// which they run.

declare module "*/index.js" {
  type Entry = typeof import("../src/edge/entry.mjs");
  const Edgegate: Entry["default"];
  export default Edgegate;
  export const Account: Entry["Account"];
  export const Auth: Entry["Auth"];
  export const MailGate: Entry["MailGate"];
  export const Sessions: Entry["Sessions"];
}
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
