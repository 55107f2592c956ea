/**
 * A proxy of the object with some members replaced. Other methods run with the object as `this`.
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
