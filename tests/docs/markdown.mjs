// Reads Markdown, for the tests of the documents.

/** Returns the targets of all links and images. Leaves out those in code. */
export function linksIn(markdown) {
  const prose = withoutFences(markdown).replace(/`[^`\n]*`/g, (code) =>
    // Remove code only if it contains a link. Other code must stay, because it could be the text of
    // a link: [`x`](y).
    code.includes("](") ? "" : code,
  );
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target);
}

/** Returns the anchors of all headings. GitHub derives an anchor from the text of its heading. */
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

/**
 * Returns the fenced code blocks in this language, in order. The fences of a block in a list can be
 * indented.
 */
export function blocks(markdown, language) {
  return [...markdown.matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```$/gm)]
    .filter(([, , of]) => of === language)
    .map(([, indent, , text]) => text.replaceAll(new RegExp(`^${indent}`, "gm"), ""));
}

const withoutFences = (markdown) => markdown.replace(/^( *)```[\s\S]*?^ *```$/gm, "");
