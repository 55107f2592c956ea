// How results are written: a list of numbers, such as the rounds, takes one line.

export const recorded = (results) =>
  `${JSON.stringify(results, null, 1).replace(/\[\s+(-?\d[^\]{"]*?)\s+\]/g, (_, numbers) => `[${numbers.replace(/\s+/g, " ")}]`)}\n`;
