// Functions that return a command that runs tests. The commands are for the member `command` of a
// fault. `name` selects the tests whose names contain this text.

/**
 * The tests of a Rust test target, which is a file or a folder in tests/. If no name is given, the
 * command runs all tests of the target.
 */
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
