// The only JavaScript in the crate: what `bowser` makes of a User-Agent, as browser, system and kind of device.
import Bowser from "bowser";

export const describe = (userAgent) => {
  const { browser, os, platform } = Bowser.parse(userAgent);
  return [browser.name, os.name, platform.type];
};
