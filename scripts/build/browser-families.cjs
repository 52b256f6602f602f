/** models/architectures/core/known-families.ts for the browser: its families come when they are asked for. */
module.exports = function browserFamilies() {
  return `export const families = [];
let loaded;
export function loadFamilies() {
  loaded ??= import("../families.gen").then(({ families: all }) => void families.push(...all));
  return loaded;
}
`;
};
