import { env } from "../env";

/** Where the API lies. */
export const apiBase = "/api/v1";

/** The same as it is told to others: a proxy may have Patchbay below a path. */
export const apiPath = (): string => env().basePath + apiBase;
