import { gate } from "./gate.mjs";

export const proxy = () => gate();
export const config = { matcher: "/node" };
