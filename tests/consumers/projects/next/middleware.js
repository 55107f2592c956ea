import { gate } from "./gate.mjs";

export const middleware = () => gate();
export const config = { matcher: "/node" };
