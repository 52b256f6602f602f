-- AlterTable
ALTER TABLE "Run" ADD COLUMN     "assignment" JSON,
ADD COLUMN     "metric" DOUBLE PRECISION,
ADD COLUMN     "number" INTEGER,
ADD COLUMN     "sweepId" UUID,
ALTER COLUMN "result" SET DATA TYPE JSON;

-- AlterTable
ALTER TABLE "RunEvent" ALTER COLUMN "data" SET DATA TYPE JSON;

-- CreateTable
CREATE TABLE "Sweep" (
    "id" UUID NOT NULL,
    "graphId" UUID,
    "name" TEXT NOT NULL,
    "document" JSON NOT NULL,
    "spec" JSON NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Sweep_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Sweep_createdAt_idx" ON "Sweep"("createdAt");

-- CreateIndex
CREATE UNIQUE INDEX "Run_sweepId_number_key" ON "Run"("sweepId", "number");

-- AddForeignKey
ALTER TABLE "Sweep" ADD CONSTRAINT "Sweep_graphId_fkey" FOREIGN KEY ("graphId") REFERENCES "Graph"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Run" ADD CONSTRAINT "Run_sweepId_fkey" FOREIGN KEY ("sweepId") REFERENCES "Sweep"("id") ON DELETE CASCADE ON UPDATE CASCADE;
