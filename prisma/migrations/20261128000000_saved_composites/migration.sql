-- CreateTable
CREATE TABLE "SavedComposite" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "content" JSON NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deletedAt" TIMESTAMP(3),

    CONSTRAINT "SavedComposite_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "SavedComposite_deletedAt_title_idx" ON "SavedComposite"("deletedAt", "title");
