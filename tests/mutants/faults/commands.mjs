// Commands for the `command` of a fault. `name` is a part of the names of the tests to run.

/** A Rust test target, which is a file or folder in tests/. Without a name, all its tests. */
export const suite = (target, ...name) => ["cargo", "test", "--test", target, ...name];

/** The tests of the use cases. */
export const service = (name) => suite("service", name);

/** The tests of the session store. */
export const sessionStore = (name) => suite("session_store", name);

/** The unit tests in `src`. */
export const lib = (name) => ["cargo", "test", "--lib", name];

/** The unit tests in `crates/token`. */
export const token = (name) => ["cargo", "test", "--package", "edgegate-token", "--lib", name];

/** A test file for `node --test`. */
export const script = (path) => ["node", "--test", path];
