/** Apps on the server: what they are made of, what they take, and what their runs may. */
import { beforeAll, expect, it } from "vitest";
import { check } from "#nodes/graph/check";
import { openApp, outputsOf } from "#server/links/apps";
import { shippedApps } from "#server/links/shipped-apps";
import { blobs } from "#server/storage/open";
import { api, db, withBackend } from "./kit/backend";
import { graph } from "./kit/graphs";

withBackend();

let version: string;
let graphId: string;
const form = (limits: object = {}) => ({
  groups: [{ title: "", fields: [{ node: "words", param: "text" }] }],
  outputs: [{ node: "small", port: "text", label: "In small letters" }],
  limits,
});

beforeAll(async () => {
  const document = graph({ words: ["text.input", { text: "ONE" }], small: ["text.prompts", {}] }, [
    "words.text -> small.text",
  ]);
  graphId = (await api.graphs.create({ document })).id;
  await api.graphs.nameVersion({ id: graphId, label: "for others" });
  version = (await api.graphs.versions({ id: graphId }))[0]?.id ?? "";
});

it.each(shippedApps.map(({ id }) => id))("ships sound but for what is dropped on it: %s", async (id) => {
  const app = await openApp(db, id);
  const { problems } = check(app.document);
  expect(problems.map(({ message }) => message)).toEqual(["No picture is chosen."]);
  expect(outputsOf(app).length).toBe(app.form.outputs.length);
  const ref = await blobs().put(new TextEncoder().encode("a picture"));
  const started = await api.apps.start({ id, values: { "data.images": [{ ref, name: "red boat.png" }] } });
  const run = await db.run.findUniqueOrThrow({ where: { id: started.id } });
  expect([run.name, run.limits]).toEqual([app.title, app.form.limits]);
  await expect(api.apps.start({ id, values: {} })).rejects.toThrow("No picture is chosen");
});

it("is of a version with a name, which has what its form names", async () => {
  const publish = (asked: object) =>
    api.apps.publish({ version, title: "An app", text: "", form: form(), ...asked } as never);
  const { id } = await publish({});
  expect((await api.apps.list({ graph: graphId })).map((app) => [app.id, app.title])).toEqual([[id, "An app"]]);
  expect(await publish({ id, title: "Renamed" })).toEqual({ id });
  const gone = { ...form(), groups: [{ title: "", fields: [{ node: "gone", param: "text" }] }] };
  await expect(publish({ form: gone })).rejects.toThrow("The version does not have gone.text");
  await expect(publish({ form: { ...form(), outputs: [] } })).rejects.toThrow("The form shows no result");
  await api.graphs.renameVersion({ id: version, label: "" });
  await expect(publish({})).rejects.toThrow("This version has no name");
  await api.graphs.renameVersion({ id: version, label: "for others" });
  await api.apps.remove({ id });
  await expect(openApp(db, id)).rejects.toThrow("does not exist");
});

it("is gone on with: its form, choices by their names, and limits are there the next time", async () => {
  const choices = [{ value: "ONE", label: "the first" }, { value: "TWO" }];
  const field = { node: "words", param: "text", label: "Words", help: "What is said.", choices };
  const asked = { ...form({ minutes: 3 }), groups: [{ title: "Say", help: "Little.", fields: [field] }] };
  const { id } = await api.apps.publish({ version, title: "Words", text: "", form: asked });
  expect((await api.apps.ofGraph({ graph: graphId }))[0]).toMatchObject({ id, title: "Words", form: asked });
  await expect(api.apps.start({ id, values: { "words.text": "THREE" } })).rejects.toThrow("is one of the first, TWO");
  const other = { ...asked, groups: [{ title: "", fields: [{ ...field, choices: ["TWO"] }] }] };
  await expect(api.apps.publish({ id, version, title: "Words", text: "", form: other })).rejects.toThrow(
    '“Words” is one of TWO. This version has "ONE".',
  );
  await api.apps.remove({ id });
});

it("runs what was published with what is filled in, whatever is drawn since", async () => {
  const { id } = await api.apps.publish({ version, title: "An app", text: "", form: form({ rows: 2, minutes: 1 }) });
  const { revision } = await api.graphs.get({ id: graphId });
  await api.graphs.save({ id: graphId, revision, document: graph({ other: ["text.input", { text: "x" }] }) });
  const { id: run } = await api.apps.start({ id, values: { "words.text": "TWO\nTHREE" }, askedBy: "me" });
  const stored = await db.run.findUniqueOrThrow({ where: { id: run } });
  expect(stored).toMatchObject({ limits: { rows: 2, minutes: 1 }, targets: ["small"], graphId: null, askedBy: "me" });
  expect(JSON.stringify(stored.document)).toContain("THREE");
  await expect(api.apps.start({ id, values: { "words.text": "1\n2\n3" } })).rejects.toThrow("at most 2 are taken here");
  await expect(api.apps.start({ id, values: { "small.template": "{}" } })).rejects.toThrow("The form has no field");
});
