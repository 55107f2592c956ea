// `npm run schemathesis`: sends generated requests to every route and compares the answers with
// openapi.yaml. You can choose how many.
//   npm run schemathesis -- --seed 42 --examples 1000
import { main } from "./project/advice.mjs";
import { parsed, wholeNumber } from "./project/arguments.mjs";
import { setUp } from "./setup/index.mjs";

await main(async () => {
  const { values } = parsed(
    { options: { seed: { type: "string" }, examples: { type: "string" } } },
    "use it as `npm run schemathesis -- --seed 42 --examples 1000`",
  );
  const seed = wholeNumber("seed", values.seed) ?? 1 + Math.floor(Math.random() * 2 ** 31);
  const examples = wholeNumber("examples", values.examples) ?? 300;
  await setUp();
  const { runSchemathesis } = await import("../tests/schemathesis/run.mjs");
  const { code, cases } = await runSchemathesis({ seed, examples });
  console.log(`\n${cases} requests, seed ${seed}: ${code === 0 ? "nothing found" : "see above"}`);
  return code;
});
