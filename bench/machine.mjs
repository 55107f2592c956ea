// What kind of machine a run was made on.
import { cpus } from "node:os";

export function machine() {
  const [{ model }] = cpus();
  return `${cpus().length} cores, ${model.trim()}`;
}
