// Describes a User-Agent with `bowser`: its browser, its system and its kind of device.

/**
 * bowser's parser. With `require` instead of `import`, bowser's tables are made at the first call,
 * not at the start of every isolate. The path names bowser's sources, because bowser's own bundle
 * is made for old browsers and is 10 % larger.
 */
const parserClass = () => require("bowser/src/parser.js").default;

export const describe = (userAgent) => {
  const parser = new (parserClass())(userAgent, true);
  return [parser.getBrowserName(), parser.getOSName(), parser.getPlatformType()];
};
