import { defineConfig, mergeConfig } from "vitest/config";
import whole from "./vitest.config";

/** The tests of `npm run check`. */
export default mergeConfig(whole, defineConfig({ test: { } }));
