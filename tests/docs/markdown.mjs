// Functions with which the tests of documents read Markdown.

/** The targets of all links and pictures outside of code. */
export function linksIn(markdown) {
  const prose = withoutFences(markdown).replace(/`[^`\n]*`/g, (code) =>
    // A link's text may be code: `[`x`](y)`.
    code.includes("](") ? "" : code,
  );
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target);
}

/** The anchors of all headings, made as GitHub makes them. */
export function anchorsOf(markdown) {
  const seen = new Map();
  const anchors = new Set();
  for (const [, heading] of withoutFences(markdown).matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/g, "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    anchors.add(times === 0 ? slug : `${slug}-${times}`);
  }
  return anchors;
}

/** The fenced blocks of one language, in order. The fences in a list are indented. */
export function blocks(markdown, language) {
  return [...markdown.matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```$/gm)]
    .filter(([, , of]) => of === language)
    .map(([, indent, , text]) => text.replaceAll(new RegExp(`^${indent}`, "gm"), ""));
}

const withoutFences = (markdown) => markdown.replace(/^( *)```[\s\S]*?^ *```$/gm, "");
