// The common code of middleware.js, which Next.js 15 runs, and of proxy.js, which Next.js 16 runs.
import * as edgegate from "edgegate";
import { NextResponse } from "next/server";
import { check } from "./check.mjs";
import given from "./given.mjs";

export async function gate() {
  const response = NextResponse.next();
  response.headers.set("x-outcome", JSON.stringify(await check(edgegate, given)));
  return response;
}
