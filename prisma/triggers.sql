-- Which files are named by what ("FileReference"): kept by the database, so that nobody who writes a graph or a run can
-- forget it. scripts/migrate.mjs runs this behind the migrations, whose engine cuts scripts at every semicolon. What
-- people write counts where their team has the file already; what a run gave counts always. "refs_in" is in the
-- migration named accounts.

-- Of these hashes, those of files that a team has.
CREATE OR REPLACE FUNCTION "refs_of_team"(refs text[], team uuid) RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT "ref" FROM "Upload" WHERE "ref" = ANY(refs) AND "teamId" = team
  UNION
  SELECT "ref" FROM "FileReference" WHERE "ref" = ANY(refs) AND "teamId" = team
$$;

CREATE OR REPLACE FUNCTION "refer_graph"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE refs text[] := ARRAY(SELECT "refs_in"(NEW."document"::text));
BEGIN
  INSERT INTO "FileReference" ("ref", "teamId", "graphId")
    SELECT ref, NEW."teamId", NEW."id" FROM "refs_of_team"(refs, NEW."teamId") ref ON CONFLICT DO NOTHING;
  DELETE FROM "FileReference" WHERE "graphId" = NEW."id" AND "ref" <> ALL(refs);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "refer" AFTER INSERT OR UPDATE OF "document" ON "Graph"
  FOR EACH ROW EXECUTE FUNCTION "refer_graph"();

CREATE OR REPLACE FUNCTION "refer_version"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  refs text[] := ARRAY(SELECT "refs_in"(NEW."document"::text));
  team uuid := (SELECT "teamId" FROM "Graph" WHERE "id" = NEW."graphId");
BEGIN
  INSERT INTO "FileReference" ("ref", "teamId", "versionId")
    SELECT ref, team, NEW."id" FROM "refs_of_team"(refs, team) ref ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "refer" AFTER INSERT ON "GraphVersion" FOR EACH ROW EXECUTE FUNCTION "refer_version"();

CREATE OR REPLACE FUNCTION "refer_composite"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE refs text[] := ARRAY(SELECT "refs_in"(NEW."content"::text));
BEGIN
  INSERT INTO "FileReference" ("ref", "teamId", "compositeId")
    SELECT ref, NEW."teamId", NEW."id" FROM "refs_of_team"(refs, NEW."teamId") ref ON CONFLICT DO NOTHING;
  DELETE FROM "FileReference" WHERE "compositeId" = NEW."id" AND "ref" <> ALL(refs);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "refer" AFTER INSERT OR UPDATE OF "content" ON "SavedComposite"
  FOR EACH ROW EXECUTE FUNCTION "refer_composite"();

CREATE OR REPLACE FUNCTION "refer_run"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE refs text[] := ARRAY(SELECT "refs_in"(NEW."document"::text));
BEGIN
  INSERT INTO "FileReference" ("ref", "teamId", "runId")
    SELECT ref, NEW."teamId", NEW."id" FROM "refs_of_team"(refs, NEW."teamId") ref ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "refer" AFTER INSERT ON "Run" FOR EACH ROW EXECUTE FUNCTION "refer_run"();

-- What a run gave is the run's, whoever had such a file before.
CREATE OR REPLACE FUNCTION "refer_result"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "FileReference" ("ref", "teamId", "runId")
    SELECT ref, NEW."teamId", NEW."id" FROM "refs_in"(NEW."result"::text) ref ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "refer_result" AFTER UPDATE OF "result" ON "Run"
  FOR EACH ROW WHEN (NEW."result" IS NOT NULL) EXECUTE FUNCTION "refer_result"();

CREATE OR REPLACE FUNCTION "refer_event"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "FileReference" ("ref", "teamId", "runId")
    SELECT ref, run."teamId", run."id" FROM "refs_in"(NEW."data"::text) ref, "Run" run WHERE run."id" = NEW."runId"
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "refer" AFTER INSERT ON "RunEvent"
  FOR EACH ROW WHEN (NEW."data"::text ~ '"[0-9a-f]{64}"') EXECUTE FUNCTION "refer_event"();

CREATE OR REPLACE FUNCTION "refer_artifact"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "FileReference" ("ref", "teamId", "runId")
    SELECT NEW."ref", run."teamId", run."id" FROM "Run" run WHERE run."id" = NEW."runId" ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "refer" AFTER INSERT ON "Artifact" FOR EACH ROW EXECUTE FUNCTION "refer_artifact"();

-- Whoever watches something is told when access was taken from anybody: server/access/while-allowed.ts looks again.
CREATE OR REPLACE FUNCTION "tell_access_taken"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('access_taken', '');
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "access_taken" AFTER DELETE OR UPDATE OF "role" ON "Membership"
  FOR EACH STATEMENT EXECUTE FUNCTION "tell_access_taken"();
CREATE OR REPLACE TRIGGER "access_taken" AFTER DELETE OR UPDATE OF "role" ON "GraphGrant"
  FOR EACH STATEMENT EXECUTE FUNCTION "tell_access_taken"();
CREATE OR REPLACE TRIGGER "access_taken" AFTER DELETE ON "ApiToken"
  FOR EACH STATEMENT EXECUTE FUNCTION "tell_access_taken"();
CREATE OR REPLACE TRIGGER "access_taken" AFTER DELETE ON "Session"
  FOR EACH STATEMENT EXECUTE FUNCTION "tell_access_taken"();
CREATE OR REPLACE TRIGGER "access_taken" AFTER UPDATE OF "teamId" ON "Graph"
  FOR EACH STATEMENT EXECUTE FUNCTION "tell_access_taken"();
