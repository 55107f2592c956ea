// Writes results as JSON with one value per line, except that each list of numbers is on one line.

export const recorded = (results) =>
  `${JSON.stringify(results, null, 1).replace(/\[\s+(-?\d[^\]{"]*?)\s+\]/g, (_, numbers) => `[${numbers.replace(/\s+/g, " ")}]`)}\n`;
