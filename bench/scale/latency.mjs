// `npm run bench:latency`: simulates how long a login, a renewal and a check take for users on
// three continents. The simulation does not measure anything and does not wait. It uses latencies
// of the platform that Cloudflare has published or that are assumed (latencies.mjs). The same
// options always give the same numbers.
//
//   npm run bench:latency -- --primary Asia --seed 2 --users 100 --besides 20000000
import { Advice, main } from "../../scripts/project/advice.mjs";
import { parsed } from "../../scripts/project/arguments.mjs";
import { modelOf } from "./document.mjs";
import { CONTINENTS, PRIMARY } from "./latencies.mjs";
import { latenciesOf, latencyTable, SIMULATED } from "./latency-tables.mjs";

await main(async () => {
  const { values } = parsed(
    {
      options: {
        primary: { type: "string", default: PRIMARY },
        seed: { type: "string", default: String(SIMULATED.seed) },
        users: { type: "string", default: String(SIMULATED.users) },
        besides: { type: "string", default: String(SIMULATED.besides) },
      },
    },
    `use it as \`npm run bench:latency -- --primary Asia --seed 2 --users 100 --besides 20000000\`; each option may be left out. --primary is the continent of the D1 database: ${CONTINENTS.join(", ")}. --users are simulated on each continent, two or more. --besides are others, whose statements the database answers too`,
  );
  if (!CONTINENTS.includes(values.primary))
    throw new Advice(`--primary is "${values.primary}": choose from ${CONTINENTS.join(", ")}.`);
  const whole = (name, least) => {
    const value = Number(values[name]);
    if (!Number.isSafeInteger(value) || value < least)
      throw new Advice(
        `--${name} must be a whole number of at least ${least}; it is "${values[name]}".`,
      );
    return value;
  };
  const options = {
    primary: values.primary,
    seed: whole("seed", 0),
    users: whole("users", 2),
    besides: whole("besides", 0),
  };
  console.log(latencyTable(latenciesOf(modelOf(), options).found));
  return 0;
});
