// Declares the part of `node:crypto` that the Workers of the tests use. The types of Node can't be
// used, because they contradict the types of Workers.

declare module "node:crypto" {
  const crypto: { verify: unknown };
  export default crypto;
}
