// `npm run schemathesis`: every route against openapi.yaml, for as long as you like.
//   npm run schemathesis -- --seed 42 --examples 1000
import { main } from "./project/advice.mjs";
import { values } from "./project/dev-arguments.mjs";
import { setUp } from "./setup/index.mjs";

await main(async () => {
  const args = process.argv.slice(2);
  const seed = Number(values(args, "--seed")[0] ?? Math.floor(Math.random() * 2 ** 31));
  const examples = Number(values(args, "--examples")[0] ?? 300);
  await setUp();
  const { runSchemathesis } = await import("../tests/schemathesis/run.mjs");
  const { code, cases } = await runSchemathesis({ seed, examples });
  console.log(`\n${cases} requests, seed ${seed}: ${code === 0 ? "nothing found" : "see above"}`);
  return code;
});
