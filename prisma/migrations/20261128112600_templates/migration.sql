-- CreateEnum
CREATE TYPE "TemplateVisibility" AS ENUM ('team', 'everyone');

-- AlterTable
ALTER TABLE "Graph" ADD COLUMN     "originGraphId" UUID,
ADD COLUMN     "originGraphVersion" INTEGER,
ADD COLUMN     "originTemplateId" UUID,
ADD COLUMN     "originTemplateVersion" INTEGER;

-- CreateTable
CREATE TABLE "Template" (
    "id" UUID NOT NULL,
    "graphId" UUID,
    "registryId" UUID,
    "teamId" UUID NOT NULL DEFAULT '00000000-0000-4000-8000-000000000001',
    "userId" UUID,
    "visibility" "TemplateVisibility" NOT NULL DEFAULT 'team',
    "newest" INTEGER NOT NULL DEFAULT 0,
    "uses" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "withdrawnAt" TIMESTAMP(3),

    CONSTRAINT "Template_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "TemplateVersion" (
    "id" UUID NOT NULL,
    "templateId" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "title" TEXT NOT NULL,
    "text" TEXT NOT NULL DEFAULT '',
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "licence" TEXT NOT NULL DEFAULT '',
    "changes" TEXT NOT NULL DEFAULT '',
    "document" JSON NOT NULL,
    "form" JSON NOT NULL,
    "needs" JSON NOT NULL,
    "files" JSON NOT NULL,
    "picture" TEXT,
    "graphVersionId" UUID,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "TemplateVersion_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "TemplateRegistry" (
    "id" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "index" JSON,
    "readAt" TIMESTAMP(3),
    "error" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "TemplateRegistry_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Template_graphId_key" ON "Template"("graphId");

-- CreateIndex
CREATE INDEX "Template_teamId_idx" ON "Template"("teamId");

-- CreateIndex
CREATE UNIQUE INDEX "TemplateVersion_templateId_number_key" ON "TemplateVersion"("templateId", "number");

-- CreateIndex
CREATE UNIQUE INDEX "TemplateRegistry_address_key" ON "TemplateRegistry"("address");

-- AddForeignKey
ALTER TABLE "Template" ADD CONSTRAINT "Template_graphId_fkey" FOREIGN KEY ("graphId") REFERENCES "Graph"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Template" ADD CONSTRAINT "Template_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "Team"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Template" ADD CONSTRAINT "Template_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "TemplateVersion" ADD CONSTRAINT "TemplateVersion_templateId_fkey" FOREIGN KEY ("templateId") REFERENCES "Template"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What was listed as a live graph becomes a template of the state that it had: a named version of it, published once.
INSERT INTO "GraphVersion" ("id", "graphId", "number", "label", "document")
SELECT gen_random_uuid(), graph."id", coalesce((SELECT max("number") FROM "GraphVersion" WHERE "graphId" = graph."id"), 0) + 1,
  'As it was published', graph."document"
FROM "Graph" graph WHERE graph."publishedAt" IS NOT NULL AND graph."deletedAt" IS NULL;

INSERT INTO "Template" ("id", "graphId", "teamId", "userId", "visibility", "newest", "createdAt", "updatedAt")
SELECT gen_random_uuid(), graph."id", graph."teamId", graph."userId", 'team', 1, graph."publishedAt", graph."publishedAt"
FROM "Graph" graph WHERE graph."publishedAt" IS NOT NULL AND graph."deletedAt" IS NULL;

INSERT INTO "TemplateVersion"
  ("id", "templateId", "number", "title", "text", "document", "form", "needs", "files", "graphVersionId", "createdAt")
SELECT gen_random_uuid(), template."id", 1, coalesce(nullif(graph."name", ''), 'Untitled'), graph."description",
  version."document", '{"groups":[],"outputs":[]}',
  json_build_object('nodes', CASE WHEN json_typeof(graph."document"->'nodes') = 'object'
    THEN (SELECT count(*)::int FROM json_object_keys(graph."document"->'nodes')) ELSE 0 END),
  coalesce((SELECT json_agg(json_build_object('ref', file."ref", 'name', coalesce(upload."name", ''),
      'bytes', coalesce(upload."bytes", 0)))
    FROM "FileReference" file
    LEFT JOIN "Upload" upload ON upload."ref" = file."ref" AND upload."teamId" = file."teamId"
    WHERE file."graphId" = graph."id"), '[]'::json),
  version."id", graph."publishedAt"
FROM "Graph" graph
JOIN "Template" template ON template."graphId" = graph."id"
JOIN "GraphVersion" version ON version."graphId" = graph."id" AND version."label" = 'As it was published'
  AND version."number" = (SELECT max("number") FROM "GraphVersion" WHERE "graphId" = graph."id");

ALTER TABLE "Graph" DROP COLUMN "publishedAt";
