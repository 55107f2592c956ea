// What the middleware (Next.js 15) and the proxy (Next.js 16) do.
import * as edgegate from "edgegate";
import { NextResponse } from "next/server";
import { check } from "./check.mjs";
import given from "./given.mjs";

export async function gate() {
  const response = NextResponse.next();
  response.headers.set("x-outcome", JSON.stringify(await check(edgegate, given)));
  return response;
}
