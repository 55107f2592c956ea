import * as edgegate from "edgegate";
import { check } from "../../check.mjs";
import given from "../../given.mjs";

export const dynamic = "force-dynamic";

export async function GET() {
  return Response.json(await check(edgegate, given));
}
