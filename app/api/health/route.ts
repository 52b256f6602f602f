import { db } from "#server/db";

export const dynamic = "force-dynamic";

export async function GET(): Promise<Response> {
  const up = await db().$queryRaw`select 1`.then(
    () => true,
    () => false,
  );
  return Response.json({ database: up }, { status: up ? 200 : 503 });
}
