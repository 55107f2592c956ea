// Describes the machine on which a run is made.
import { cpus } from "node:os";

export function machine() {
  const [{ model }] = cpus();
  return `${cpus().length} cores, ${model.trim()}`;
}
