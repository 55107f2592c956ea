// Compares the declared types of "edgegate-worker" with the types of src/edge/entry.mjs, from which
// the Worker is built. Both must have the same members.
import type { AuthService } from "../../npm/edgegate/types/rpc.js";
import * as declared from "../../npm/edgegate-worker/types/index.js";
import type * as built from "../../src/edge/entry.mjs";

type Equal<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const isTrue = <T extends true>(value: T) => value;

isTrue<Equal<keyof typeof built, keyof typeof declared>>(true);

type Built = { [Name in keyof typeof built]: InstanceType<(typeof built)[Name]> };
type Declared = { [Name in keyof typeof declared]: InstanceType<(typeof declared)[Name]> };

isTrue<Equal<keyof Built["Sessions"], keyof Declared["Sessions"]>>(true);
isTrue<Equal<keyof Built["Account"], keyof Declared["Account"]>>(true);
isTrue<Equal<keyof Built["MailGate"], keyof Declared["MailGate"]>>(true);
// Add the methods of AuthService to the types of entry.mjs. src/edge/rpc.mjs assigns these methods
// in a way that TypeScript does not see.
isTrue<Equal<keyof Built["Auth"] | keyof AuthService, keyof Declared["Auth"]>>(true);
isTrue<Equal<keyof Built["default"] | keyof AuthService, keyof Declared["default"]>>(true);

// An example of a user's project in TypeScript. It has a binding of its own, and a route that only
// some users may use.
interface Env {
  GREETING: string;
}
export class Own extends declared.default<Env> {
  override async fetch(request: Request): Promise<Response> {
    const isUser: boolean = await this.isAuthorizedByRole("a token", ["user"]);
    const text: string = this.env.GREETING;
    // @ts-expect-error there is no such binding
    this.env.FAREWELL;
    return isUser ? new Response(text) : super.fetch(request);
  }
}
