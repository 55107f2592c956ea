import * as edgegate from "edgegate";
import { check } from "../../check.mjs";
import given from "../../given.mjs";

export const GET = async () => Response.json(await check(edgegate, given));
