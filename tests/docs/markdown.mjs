// Reads Markdown, for the tests of the documents.

/** The targets of all links and images that are not in code. */
export function linksIn(markdown) {
  const prose = withoutFences(markdown).replace(/`[^`\n]*`/g, (code) =>
    // Remove code only if it contains a link. Other code may be the text of a link: [`x`](y).
    code.includes("](") ? "" : code,
  );
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target);
}

/** The anchors of all headings, as GitHub makes them from the headings' texts. */
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

/** The fenced code blocks in this language, in order. Fences in a list may be indented. */
export function blocks(markdown, language) {
  return [...markdown.matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```$/gm)]
    .filter(([, , of]) => of === language)
    .map(([, indent, , text]) => text.replaceAll(new RegExp(`^${indent}`, "gm"), ""));
}

const withoutFences = (markdown) => markdown.replace(/^( *)```[\s\S]*?^ *```$/gm, "");
