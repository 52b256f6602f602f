-- The whole runs of a graph that had nothing from the cache: found without reading the results of the others.
CREATE INDEX "Run_whole_idx" ON "Run" ("graphId", "createdAt")
WHERE status = 'done' AND "sweepId" IS NULL AND coalesce(cardinality(targets), 0) = 0
AND json_array_length(result->'cached') = 0;
