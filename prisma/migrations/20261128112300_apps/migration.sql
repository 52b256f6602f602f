-- AlterTable
ALTER TABLE "Run" ADD COLUMN "limits" JSONB;

-- CreateTable
CREATE TABLE "App" (
    "id" UUID NOT NULL,
    "graphId" UUID NOT NULL,
    "title" TEXT NOT NULL,
    "text" TEXT NOT NULL DEFAULT '',
    "version" INTEGER NOT NULL,
    "document" JSON NOT NULL,
    "form" JSON NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "App_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "App_graphId_idx" ON "App"("graphId");

-- AddForeignKey
ALTER TABLE "App" ADD CONSTRAINT "App_graphId_fkey" FOREIGN KEY ("graphId") REFERENCES "Graph"("id") ON DELETE CASCADE ON UPDATE CASCADE;
