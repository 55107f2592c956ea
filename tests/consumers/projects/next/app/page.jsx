"use client";
import * as edgegate from "edgegate";
import { useEffect } from "react";
import { check } from "../check.mjs";
import given from "../given.mjs";

export default function Page() {
  useEffect(() => {
    check(edgegate, given).then(
      (outcome) => {
        globalThis.outcome = outcome;
      },
      (error) => {
        globalThis.outcome = String(error.stack);
      },
    );
  }, []);
  return <p>A client component</p>;
}
