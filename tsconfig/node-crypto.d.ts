// What the tests' Workers use of `node:crypto`. The types of Node contradict those of Workers.

declare module "node:crypto" {
  const crypto: { verify: unknown };
  export default crypto;
}
