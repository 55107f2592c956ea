// What `bowser` makes of a User-Agent, as browser, system and kind of device. This imports its
// sources, because its own bundle is made for old browsers and a tenth larger.
import Parser from "bowser/src/parser.js";

export const describe = (userAgent) => {
  const parser = new Parser(userAgent, true);
  return [parser.getBrowserName(), parser.getOSName(), parser.getPlatformType()];
};
