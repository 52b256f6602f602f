import { basePathOf, buildFolder } from "./scripts/base-path.mjs";

/** What never leaves the machine is sent sooner than it is compressed. */
const isForThisMachineAlone = ["127.0.0.1", "localhost", "::1"].includes(process.env.HOST ?? "");

const partsOfZod = {
  condition: { all: ["browser", "foreign"] },
  loaders: ["./scripts/build/zod-parts.cjs"],
};

/** @type {import("next").NextConfig} */
const config = {
  basePath: basePathOf(),
  distDir: buildFolder,
  env: { PATCHBAY_BASE_PATH: basePathOf() },
  reactStrictMode: true,
  poweredByHeader: false,
  compress: !isForThisMachineAlone,
  serverExternalPackages: ["pg", "pg-boss", "@prisma/client", "@prisma/adapter-pg", "pino"],
  turbopack: {
    rules: {
      "**/nodes/**/*.ts": { condition: "browser", loaders: ["./scripts/build/browser-nodes.cjs"] },
      "**/models/architectures/core/known-families.ts": {
        condition: "browser",
        loaders: ["./scripts/build/browser-families.cjs"],
      },
      "**/zod/v4/locales/index.js": partsOfZod,
      "**/zod/v4/core/compile.js": partsOfZod,
      "**/zod/v4/core/json-schema-generator.js": partsOfZod,
    },
  },
  typescript: { ignoreBuildErrors: true }, // npm test checks types of everything; a start need not
  devIndicators: false,
  headers: async () => [
    {
      source: "/:path*",
      headers: [
        { key: "X-Content-Type-Options", value: "nosniff" },
        { key: "Referrer-Policy", value: "same-origin" },
      ],
    },
    // Which sites may frame an embedded view follows from its link: proxy.ts.
    { source: "/((?!embed/).*)", headers: [{ key: "X-Frame-Options", value: "DENY" }] },
    ...["/s/:path*", "/embed/:path*"].map((source) => ({
      source,
      headers: [
        { key: "X-Robots-Tag", value: "noindex, nofollow" },
        { key: "Referrer-Policy", value: "no-referrer" },
      ],
    })),
  ],
};
export default config;
