/** What every answer of some pages has in its head, which only a look at the database can tell. */
import { type NextRequest, NextResponse } from "next/server";
import { db } from "#server/db";
import { frameAncestors } from "#server/links/framing";

export const config = { matcher: ["/embed/:path*"] };

/** Embedded views are shown in frames of the sites that their sharers allowed; every other page in none. */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const response = NextResponse.next();
  const sites = await frameAncestors(db(), request.nextUrl.pathname);
  response.headers.set("Content-Security-Policy", `frame-ancestors ${sites}`);
  return response;
}
