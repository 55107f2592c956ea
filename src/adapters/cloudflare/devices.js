// What `bowser` makes of a User-Agent, as browser, system and kind of device.

/**
 * bowser's parser. It is required and not imported: esbuild then makes bowser's tables at the first
 * call, not at the start of every isolate. This takes its sources, because its own bundle is made for
 * old browsers and a tenth larger.
 */
const parserClass = () => require("bowser/src/parser.js").default;

export const describe = (userAgent) => {
  const parser = new (parserClass())(userAgent, true);
  return [parser.getBrowserName(), parser.getOSName(), parser.getPlatformType()];
};
