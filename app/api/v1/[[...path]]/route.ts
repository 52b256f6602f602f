/** The HTTP API for other programs: all of its routes are in server/api. */
import { answerApi } from "#server/api/app";

export const dynamic = "force-dynamic";

export { answerApi as DELETE, answerApi as GET, answerApi as POST, answerApi as PUT };
