// Installs schemathesis, which tests the Worker against openapi.yaml.
import { pythonEnvironment } from "./python.mjs";

export { need } from "./python.mjs";

const environment = pythonEnvironment({
  name: "schemathesis",
  title: "schemathesis",
  requirements: "tests/schemathesis/requirements.txt",
});

export const { title, isCurrent, install } = environment;

/** Runs schemathesis's command line: run(schemathesis, ["run", …]). */
export const schemathesis = environment.bin("schemathesis");
