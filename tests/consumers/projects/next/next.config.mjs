// Without these settings, Next.js would look for the root of the project in the parent folders.
const root = import.meta.dirname;
export default { outputFileTracingRoot: root, turbopack: { root } };
