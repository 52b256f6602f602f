/** Those who have accounts, as whoever runs the installation sees them. */
import type { Db } from "../db";
import { Failure } from "../errors";
import { notFound } from "../not-found";

export interface Person {
  id: string;
  name: string;
  email: string;
  isAdministrator: boolean;
  createdAt: Date;
  /** When a session of theirs was used last. */
  seenAt: Date | null;
  teams: number;
}

export async function listPeople(db: Db): Promise<Person[]> {
  const users = await db.user.findMany({
    orderBy: { createdAt: "asc" },
    select: {
      id: true,
      name: true,
      email: true,
      isAdministrator: true,
      createdAt: true,
      _count: { select: { memberships: true } },
      sessions: { orderBy: { updatedAt: "desc" }, take: 1, select: { updatedAt: true } },
    },
  });
  return users.map(({ _count, sessions, ...user }) => ({
    ...user,
    seenAt: sessions[0]?.updatedAt ?? null,
    teams: _count.memberships,
  }));
}

/** Makes somebody an administrator, or not one any more. There is always one. */
export async function setAdministrator(db: Db, id: string, isAdministrator: boolean): Promise<void> {
  await db.$transaction(async (tx) => {
    await tx.$queryRaw`select pg_advisory_xact_lock(7249001)::text`;
    const { count } = await tx.user.updateMany({ where: { id }, data: { isAdministrator } });
    if (!count) throw notFound("This account");
    if (!(await tx.user.count({ where: { isAdministrator: true } }))) throw new Failure(lastAdministrator);
  });
}

const lastAdministrator = {
  message: "There is always somebody who runs the installation, and this is the last one.",
  hint: "Make somebody else an administrator first.",
};
