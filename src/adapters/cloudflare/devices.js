// What `bowser` makes of a User-Agent, as browser, system and kind of device.
// Its sources: what is bundled for old browsers is a tenth longer.
import Parser from "bowser/src/parser.js";

export const describe = (userAgent) => {
  const parser = new Parser(userAgent, true);
  return [parser.getBrowserName(), parser.getOSName(), parser.getPlatformType()];
};
