// Tests src/edge/pages/paths.mjs, which knows other names that people type for the addresses of the
// pages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGES, pageMeant } from "../../src/edge/pages/paths.mjs";

test("another name, capitals and a slash at the end mean a page", () => {
  for (const [path, page] of [
    ["/login", "/sign-in"],
    ["/LogOut/", "/account"],
    ["/Sign-In", "/sign-in"],
    ["/register//", "/register"],
    ["/account.html", "/account"],
  ])
    assert.equal(pageMeant(path), page, path);
  for (const path of [...PAGES, "/nothing", "//evil.example", "/sign-in/x"])
    assert.equal(pageMeant(path), undefined, path);
});

test("every page is found in capitals, and a long path is not searched", () => {
  for (const page of PAGES.filter((page) => page !== "/"))
    assert.equal(pageMeant(page.toUpperCase()), page);
  assert.equal(pageMeant(`/login${"/".repeat(200)}`), undefined);
});
