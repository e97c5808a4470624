import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  {
    files: ["pairx/ui/**/*.js"],
    languageOptions: { globals: globals.browser },
    rules: { "no-var": "error", "prefer-const": "error", eqeqeq: ["error", "always"], "no-undef": "error" },
  },
  { files: ["tests/page/*.js"], languageOptions: { globals: globals.node } },
];
