// The only JavaScript in the crate: what `bowser` makes of a User-Agent.
import Bowser from "bowser";

export const parse = (userAgent) => Bowser.parse(userAgent);
