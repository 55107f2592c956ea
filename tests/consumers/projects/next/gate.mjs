// The code that middleware.js and proxy.js share. Next.js 15 runs middleware.js, and Next.js 16
// runs proxy.js.
import * as edgegate from "edgegate";
import { NextResponse } from "next/server";
import { check } from "./check.mjs";
import given from "./given.mjs";

export async function gate() {
  const response = NextResponse.next();
  response.headers.set("x-outcome", JSON.stringify(await check(edgegate, given)));
  return response;
}
