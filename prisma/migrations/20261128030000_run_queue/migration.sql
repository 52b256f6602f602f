-- AlterTable
ALTER TABLE "Run" ADD COLUMN     "askedBy" TEXT,
ADD COLUMN     "note" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "numbers" JSONB,
ADD COLUMN     "priority" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "starred" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "tags" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- CreateIndex
CREATE INDEX "Run_status_priority_createdAt_idx" ON "Run"("status", "priority", "createdAt");

-- The runs of a sweep wait behind those that somebody asked for by themselves, in their order.
UPDATE "Run" SET "priority" = -"number" WHERE "sweepId" IS NOT NULL AND "number" IS NOT NULL;

-- The numbers of runs that have ended already.
UPDATE "Run" SET "numbers" = (
  SELECT jsonb_object_agg(node.key || '.' || port.key, (port.value->'value')::jsonb)
  FROM json_each("result"->'outputs') node, json_each(node.value) port
  WHERE port.value->>'type' = 'number' AND json_typeof(port.value->'value') = 'number'
) WHERE json_typeof("result"->'outputs') = 'object';
