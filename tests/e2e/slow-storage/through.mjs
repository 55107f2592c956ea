/**
 * Returns a proxy of the object in which some members are replaced. The other methods run with the
 * object as `this`.
 */
export const through = (object, replaced) =>
  new Proxy(object, {
    get(target, member) {
      const value = Reflect.get(target, member);
      if (value === undefined) return value;
      if (Object.hasOwn(replaced, member)) return replaced[member](value);
      return typeof value === "function" && member !== "constructor" ? value.bind(target) : value;
    },
  });
