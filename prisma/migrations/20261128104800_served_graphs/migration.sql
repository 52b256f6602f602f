-- Graphs that are kept ready to be called, and the calls that were answered.
CREATE TABLE "ServedGraph" (
    "graphId" UUID NOT NULL,
    "versionId" UUID NOT NULL,
    "outputs" TEXT[],
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ServedGraph_pkey" PRIMARY KEY ("graphId")
);
CREATE TABLE "ServedCall" (
    "id" UUID NOT NULL,
    "graphId" UUID NOT NULL,
    "versionId" UUID NOT NULL,
    "rows" INTEGER NOT NULL,
    "ms" DOUBLE PRECISION NOT NULL,
    "error" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ServedCall_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "ServedCall_graphId_id_idx" ON "ServedCall"("graphId", "id");
CREATE INDEX "ServedCall_createdAt_idx" ON "ServedCall"("createdAt");
ALTER TABLE "ServedGraph" ADD CONSTRAINT "ServedGraph_graphId_fkey" FOREIGN KEY ("graphId") REFERENCES "Graph"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "ServedGraph" ADD CONSTRAINT "ServedGraph_versionId_fkey" FOREIGN KEY ("versionId") REFERENCES "GraphVersion"("id") ON DELETE CASCADE ON UPDATE CASCADE;
