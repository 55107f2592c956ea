// Without this, Next.js looks for the root of the project in the folders above.
const root = import.meta.dirname;
export default { outputFileTracingRoot: root, turbopack: { root } };
