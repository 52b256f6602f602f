/** Where a data thread begins: TypeScript is not read in a thread until tsx is registered in it. */
import { register } from "tsx/esm/api";

register();
await import("./thread.ts");
