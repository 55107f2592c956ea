// Finds code that does not run in the oldest supported browsers: Safari 16, Chrome 109 and Firefox
// 115.
//
// - eslint-plugin-compat knows the APIs of browsers. It reads the browsers from `browserslist` in
//   package.json.
// - eslint-plugin-es-x knows the syntax and the library of JavaScript. These browsers have ES2022,
//   except for two features that Safari does not have before version 16.4.
import compat from "eslint-plugin-compat";
import es from "eslint-plugin-es-x";

const SCRIPTS_OF_BROWSERS = {
  files: ["npm/edgegate/**/*.js", "www/*.js"],
  ignores: ["npm/edgegate/node.js", "npm/edgegate/workerd.js", "npm/edgegate/wasm/**"],
};

export default [
  { ignores: ["**/*", "!npm/**", "!www/**", "www/edgegate/**", "npm/*/node_modules/**"] },
  { ...SCRIPTS_OF_BROWSERS, ...compat.configs["flat/recommended"] },
  { ...SCRIPTS_OF_BROWSERS, ...es.configs["flat/restrict-to-es2022"] },
  {
    ...SCRIPTS_OF_BROWSERS,
    rules: {
      "es-x/no-class-static-block": "error",
      "es-x/no-regexp-lookbehind-assertions": "error",
    },
  },
];
