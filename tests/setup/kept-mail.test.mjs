// Tests how `edgegate mail list` describes a stored mail. A mail is stored if it could not be sent.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf } from "../../npm/edgegate-worker/cli/mail.js";

test("a kept mail is described by what is known of it", () => {
  const now = 1764000000;
  const request_id = "6f1a7c52-3b0e-4d59-9a0c-5d2f1e8b7a34";
  const told = (mail) =>
    lineOf({
      ...{ id: "one", mail: "reset", reason: "422: no such sender", tries: 0, failed_at: now },
      ...{ retry_at: null, request_id: null, address: null, ...mail },
    });
  const kept = "not tried yet, kept since 2025-11-24T16:00:00Z";
  // This mail is a notice that could not be queued. Nothing has tried to send it yet. The cron job
  // will send it.
  assert.equal(
    told({ retry_at: now + 1, address: "8110e99d472dab1e" }),
    `one  reset, ${kept}, next attempt 2025-11-24T16:00:01Z, address 8110e99d472dab1e\n  422: no such sender`,
  );
  // `edgegate mail retry` sets `retry_at` to 0. This value means the next run of the cron job, and
  // not a time in the year 1970. So the command shows no time.
  assert.match(
    told({ tries: 1, retry_at: 0 }),
    /reset, tried once, last 2025-11-24T16:00:00Z, sent again by the next run of the cron\n/,
  );
  assert.match(
    told({ tries: 60, request_id }),
    new RegExp(
      `tried 60 times, last 2025-11-24T16:00:00Z, sent again only when you ask, request ${request_id}\n`,
    ),
  );
  assert.match(told({ mail: null }), /^one {2}of another version, not tried yet/);
});
