// What `bowser` makes of a User-Agent, as browser, system and kind of device.

/**
 * The class of bowser that parses. Required and not imported: esbuild then makes its tables at the
 * first call, not at the start of every isolate. Of its sources, because what is bundled for old
 * browsers is a tenth longer.
 */
const parserClass = () => require("bowser/src/parser.js").default;

export const describe = (userAgent) => {
  const parser = new (parserClass())(userAgent, true);
  return [parser.getBrowserName(), parser.getOSName(), parser.getPlatformType()];
};
