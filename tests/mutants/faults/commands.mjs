// Commands for `command` of a fault. `name` is a part of the names of the tests that are run.

/** A Rust test target, which is a file or folder in tests/. Without a name, all its tests. */
export const suite = (target, ...name) => ["cargo", "test", "--test", target, ...name];

/** The tests of the use cases. */
export const service = (name) => suite("service", name);

/** The tests of the session store. */
export const sessionStore = (name) => suite("session_store", name);

/** The tests beside the code of `src`. */
export const lib = (name) => ["cargo", "test", "--lib", name];

/** The tests beside the code of `crates/token`. */
export const token = (name) => ["cargo", "test", "--package", "edgegate-token", "--lib", name];

/** A file of `node --test`. */
export const script = (path) => ["node", "--test", path];
