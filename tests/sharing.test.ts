import { createServer } from "node:http";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { setNote, setParam } from "#nodes/graph/edits";
import { settleIn } from "#server/access/sign-up";
import { mayReach, recordFiles } from "#server/access/files";
import type { Actor } from "#server/access/who";
import { importBundle } from "#server/bundles/import";
import { packTemplate } from "#server/publish/pack";
import { takeFromRegistry } from "#server/registries/take";
import { writeIndex } from "#server/registries/write-index";
import { appRouter } from "#server/routers/index";
import { blobs } from "#server/storage/open";
import { GET as pictureRoute } from "../app/api/published/[id]/picture/route";
import { api, database, db, withBackend } from "./kit/backend";
import { sql } from "./kit/database";
import { graph } from "./kit/graphs";
import { temporaryFolder } from "./kit/run-node";

withBackend();

const png = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
const local = { kind: "local" } as const;
const hello = setNote(
  graph({ text: ["text.input", { text: "hello" }], other: ["text.input"] }),
  "text",
  "/home/ann/plan",
);
type Api = typeof api;

/** A graph with a named version, published; `text` is what its text says. */
async function published(
  caller: Api,
  { visibility = "team" as "team" | "everyone", document = hello, team = "" } = {},
) {
  const source = await caller.graphs.create({ document, ...(team && { team }) });
  return { graph: source.id, ...(await publishNow(caller, source.id, { visibility })) };
}

async function publishNow(caller: Api, id: string, more: Partial<Parameters<Api["templates"]["publish"]>[0]> = {}) {
  await caller.graphs.nameVersion({ id, label: `state ${Math.random()}` });
  const [version] = await caller.graphs.versions({ id });
  const about = { title: "Hello", text: "Says it.", tags: ["greeting"], licence: "MIT" };
  return caller.templates.publish({ version: version?.id ?? "", about, visibility: "team", ...more });
}

async function newUser(name: string): Promise<{ actor: Actor; api: Api; team: string }> {
  const facts = { name, email: `${name}@example.org`, emailVerified: true };
  const { id } = await db.user.create({ data: facts });
  await settleIn(db, { ...facts, id });
  const actor: Actor = { kind: "user", id, name, email: facts.email, isAdministrator: false, sessionId: "" };
  const { teamId } = await db.membership.findFirstOrThrow({ where: { userId: id } });
  return { actor, api: appRouter.createCaller({ db, actor }), team: teamId };
}

describe("a template", () => {
  it("is a named version, and nothing that happens to the graph later shows in it", async () => {
    const made = await published(api);
    await api.graphs.save({ id: made.graph, revision: 1, document: setParam(hello, "text", "text", "draft") });
    const used = await api.templates.use({ id: made.id });
    expect((await api.graphs.get(used)).document.nodes.text?.params.text).toBe("hello");
    const [unnamed] = await api.graphs.versions({ id: made.graph });
    await sql(database.url, `update "GraphVersion" set "label" = '' where "id" = '${unnamed?.id}'`);
    const wish = { version: unnamed?.id ?? "", about: { title: "a" }, visibility: "team" } as const;
    await expect(api.templates.publish(wish)).rejects.toThrow("Only a version with a name is published.");
  });

  it("leaves behind what was left out, and forms that name what is not there", async () => {
    const form = { groups: [{ fields: ["text", "gone"].map((param) => ({ node: "text", param })) }], outputs: [] };
    const { id } = await api.graphs.create({ document: hello });
    const made = await publishNow(api, id, { leaveOut: { notes: true }, form });
    const document = await api.templates.document(made);
    expect(JSON.stringify(document)).not.toContain("/home/ann");
    expect((await api.templates.get(made)).form.groups[0]?.fields).toMatchObject([{ param: "text" }]);
  });

  it("has versions, and graphs of it are brought to the newest, with what was changed in them", async () => {
    const made = await published(api);
    const { id } = await api.templates.use({ id: made.id });
    expect((await api.templates.origin({ graphId: id })).template).toEqual({ id: made.id, title: "Hello", number: 1 });
    expect(await api.templates.update({ graphId: id })).toBeNull();

    await api.graphs.save({ id: made.graph, revision: 1, document: setParam(hello, "text", "text", "good day") });
    expect(await publishNow(api, made.graph, { changes: "Politer." })).toEqual({ id: made.id, number: 2 });
    await api.graphs.save({ id, revision: 1, document: setParam(hello, "other", "text", "mine") });
    expect((await api.templates.origin({ graphId: id })).template).toMatchObject({ number: 1, update: 2 });
    const update = await api.templates.update({ graphId: id });
    expect(update).toMatchObject({ from: 1, to: 2, changes: [{ number: 2, changes: "Politer." }], conflicts: [] });

    const { kept } = await api.templates.takeUpdate({ graphId: id });
    const { document } = await api.graphs.get({ id });
    expect([document.nodes.text?.params.text, document.nodes.other?.params.text]).toEqual(["good day", "mine"]);
    const before = (await api.graphs.versions({ id })).find(({ number }) => number === kept);
    expect(before?.label).toBe("Before version 2 of Hello");
    expect((await api.templates.origin({ graphId: id })).template).not.toHaveProperty("update");
    const copy = await api.graphs.create({ from: id });
    expect(await api.templates.origin({ graphId: copy.id })).toMatchObject({
      template: { number: 2 },
      graph: { id },
    });
  });

  it("keeps what both changed as it is in the graph, and says so", async () => {
    const made = await published(api);
    const { id } = await api.templates.use({ id: made.id });
    await api.graphs.save({ id: made.graph, revision: 1, document: setParam(hello, "text", "text", "theirs") });
    await publishNow(api, made.graph);
    await api.graphs.save({ id, revision: 1, document: setParam(hello, "text", "text", "mine") });
    expect((await api.templates.update({ graphId: id }))?.conflicts).toHaveLength(1);
    await api.templates.takeUpdate({ graphId: id });
    expect((await api.graphs.get({ id })).document.nodes.text?.params.text).toBe("mine");
  });

  it("counts its uses, and is used by nobody once it was taken back; graphs of it stay", async () => {
    const made = await published(api);
    const first = await api.templates.use({ id: made.id });
    await api.templates.use({ id: made.id, number: 1 });
    // It is copied, and nothing of it runs by itself.
    expect(await api.runs.list({ graphId: first.id })).toEqual([]);
    const card = async () => (await api.templates.list()).published.find(({ id }) => id === made.id);
    expect(await card()).toMatchObject({ uses: 2, tags: ["greeting"], licence: "MIT" });
    await api.templates.withdraw({ id: made.id });
    expect(await card()).toBeUndefined();
    await expect(api.templates.use({ id: made.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await api.templates.origin({ graphId: first.id })).template).toMatchObject({ id: made.id });
  });

  it("says of which template its graph was made, and graphs say of which they were", async () => {
    const { id } = await api.graphs.create({ template: "image-embeddings" });
    expect((await api.templates.origin({ graphId: id })).template).toEqual({ title: "Image embeddings" });
    const first = await publishNow(api, id);
    expect((await api.templates.get(first)).from).toEqual({ title: "Image embeddings" });
    const used = await api.templates.use({ id: first.id });
    const second = await publishNow(api, used.id);
    expect((await api.templates.get(second)).from).toEqual({ id: first.id, title: "Hello", number: 1 });
    expect((await api.templates.list()).published.find((card) => card.id === second.id)?.isOfMyTeam).toBe(true);
  });

  it("is refused with a form that nobody could fill in", async () => {
    const { id } = await api.graphs.create({ document: hello });
    const field = { node: "text", param: "text", choices: [{ value: "good day", label: "politely" }] };
    const form = { groups: [{ title: "", fields: [field] }], outputs: [] };
    await expect(publishNow(api, id, { form })).rejects.toThrow('“Text” is one of politely. This version has "hello".');
    field.choices.push({ value: "hello", label: "briefly" });
    const made = await publishNow(api, id, { form });
    expect((await api.templates.get(made)).form.groups[0]?.fields[0]?.choices).toEqual(field.choices);
  });

  it("shows a picture only where that is one, to whoever may see the template", async () => {
    const { id } = await api.graphs.create({ document: hello });
    const text = await blobs().put(Buffer.from("<script>"));
    await expect(publishNow(api, id, { picture: text })).rejects.toThrow("The picture cannot be used.");
    const made = await publishNow(api, id, { picture: await blobs().put(png) });
    const answer = await pictureRoute(new Request(`http://localhost/?version=1`), {
      params: Promise.resolve({ id: made.id }),
    });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "image/png"]);
  });
});

describe("with accounts, a template", () => {
  it("is its team's, or everybody's, with the files that it names", async () => {
    const [ann, ben] = await Promise.all([newUser("ann-sharing"), newUser("ben-sharing")]);
    const ref = await blobs().put(Buffer.from("a file of ann's"));
    await recordFiles(db, { teamId: ann.team, userId: null }, [{ ref, bytes: 15, name: "a.png" }]);
    const images = graph({ images: ["image.load", { images: [{ ref, name: "a.png" }] }] });
    const made = await published(ann.api, { document: images });
    const found = async () => (await ben.api.templates.list()).published.map(({ id }) => id);
    expect(await found()).not.toContain(made.id);
    await expect(ben.api.templates.get({ id: made.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(ben.api.templates.use({ id: made.id })).rejects.toMatchObject({ code: "NOT_FOUND" });

    await ann.api.templates.setVisibility({ id: made.id, visibility: "everyone" });
    expect(await found()).toContain(made.id);
    expect(await mayReach(db, ben.actor, ref)).toBe(false);
    const used = await ben.api.templates.use({ id: made.id });
    expect((await ben.api.graphs.get(used)).document.nodes.images?.params).toEqual(images.nodes.images?.params);
    expect(await mayReach(db, ben.actor, ref)).toBe(true);
    await expect(ben.api.templates.withdraw({ id: made.id })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(ben.api.graphs.get({ id: made.graph })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("comes in a bundle only as far as there is room for its files", async () => {
    const eve = await newUser("eve-sharing");
    const ref = await blobs().put(Buffer.from("weights of some size"));
    await recordFiles(db, { teamId: eve.team, userId: null }, [{ ref, bytes: 20, name: "w.bin" }]);
    const { id } = await eve.api.graphs.create({
      document: graph({ load: ["image.load", { images: [{ ref, name: "w.bin" }] }] }),
    });
    const made = await publishNow(eve.api, id);
    const path = join(await temporaryFolder(), "some.patchbay");
    await writeFile(path, (await packTemplate(db, blobs(), eve.actor, { id: made.id, number: 1 })).stream());
    const fay = await newUser("fay-sharing");
    process.env.PATCHBAY_UPLOADS_PER_TEAM = "10";
    await expect(importBundle(db, blobs(), fay.actor, path)).rejects.toThrow("there is room for 0.0 MiB");
    // The files are eve's already.
    await expect(importBundle(db, blobs(), eve.actor, path)).resolves.toMatchObject({ missing: [] });
    delete process.env.PATCHBAY_UPLOADS_PER_TEAM;
    await expect(importBundle(db, blobs(), fay.actor, path)).resolves.toMatchObject({ missing: [] });
  });

  it("does not carry a file out that its publisher may not read", async () => {
    const [cyd, dan] = await Promise.all([newUser("cyd-sharing"), newUser("dan-sharing")]);
    const ref = await blobs().put(Buffer.from("a file of dan's"));
    await recordFiles(db, { teamId: dan.team, userId: null }, [{ ref, bytes: 15, name: "d.png" }]);
    const forged = graph({ images: ["image.load", { images: [{ ref, name: "d.png" }] }] });
    const made = await published(cyd.api, { document: forged });
    expect((await cyd.api.templates.get({ id: made.id })).files).toEqual([]);
    const { manifest } = await packTemplate(db, blobs(), cyd.actor, { id: made.id, number: 1 });
    expect(manifest.missing.map((file) => file.ref)).toEqual([ref]);
  });
});

describe("a registry of templates", () => {
  afterEach(() => {
    for (const name of ["REGISTRIES", "ALLOW_REMOTE", "PRIVATE_HOSTS"]) delete process.env[`PATCHBAY_${name}`];
  });

  /** A folder with a template's bundle, as another installation would keep it: this one forgets the template. */
  async function registryFolder(): Promise<{ folder: string; id: string }> {
    const folder = await temporaryFolder();
    const made = await published(api, { visibility: "everyone" });
    const bundle = await packTemplate(db, blobs(), local, { id: made.id, number: 1 });
    await writeFile(join(folder, "Hello 1.patchbay"), bundle.stream());
    await writeIndex(folder, "Examples");
    await db.template.delete({ where: { id: made.id } });
    return { folder, id: made.id };
  }

  it("is subscribed to where it is allowed; its templates are taken in, checked, when they are used", async () => {
    const { folder, id } = await registryFolder();
    await expect(api.registries.subscribe({ address: folder })).rejects.toThrow("not among the registries");
    process.env.PATCHBAY_REGISTRIES = folder;
    const registry = await api.registries.subscribe({ address: `${folder}/` });
    expect(await api.registries.list()).toMatchObject([{ title: "Examples", templates: 1, error: null }]);
    expect((await api.templates.list()).registries).toMatchObject([{ id, title: "Hello", version: 1 }]);
    const used = await api.templates.useFromRegistry({ registry: registry.id, template: id });
    expect((await api.graphs.get(used)).document.nodes.text?.params.text).toBe("hello");
    expect((await api.templates.origin({ graphId: used.id })).template).toMatchObject({ id, number: 1 });
    await api.registries.unsubscribe({ id: registry.id });
    expect((await api.templates.get({ id })).title).toBe("Hello");
  });

  it("tells graphs of its templates of newer versions, which are read when somebody wants them", async () => {
    const folder = await temporaryFolder();
    process.env.PATCHBAY_REGISTRIES = folder;
    const made = await published(api, { visibility: "everyone" });
    const pack = async (number: number) => {
      const { stream } = await packTemplate(db, blobs(), local, { id: made.id, number });
      await writeFile(join(folder, `Hello ${number}.patchbay`), stream());
    };
    await pack(1);
    await api.graphs.save({ id: made.graph, revision: 1, document: setParam(hello, "text", "text", "good day") });
    await publishNow(api, made.graph, { changes: "Politer." });
    await pack(2);
    await db.template.delete({ where: { id: made.id } });
    const second = await readFile(join(folder, "Hello 2.patchbay"));
    await rm(join(folder, "Hello 2.patchbay"));
    await writeIndex(folder, "Examples");
    const registry = await api.registries.subscribe({ address: folder });
    const { id } = await api.templates.useFromRegistry({ registry: registry.id, template: made.id });
    await expect(api.templates.fetchUpdate({ graphId: id })).rejects.toMatchObject({ code: "NOT_FOUND" });

    await writeFile(join(folder, "Hello 2.patchbay"), second);
    await writeIndex(folder, "Examples");
    await api.registries.refresh();
    const told = { number: 2, bytes: second.length, registry: { id: registry.id, title: "Examples" } };
    expect((await api.templates.origin({ graphId: id })).fromRegistry).toEqual(told);
    expect(await api.templates.update({ graphId: id })).toBeNull();
    await api.graphs.save({ id, revision: 1, document: setParam(hello, "other", "text", "mine") });
    // Given up and subscribed to again, it is the same registry.
    await api.registries.unsubscribe({ id: registry.id });
    expect((await api.templates.origin({ graphId: id })).fromRegistry).toBeUndefined();
    expect(await api.registries.subscribe({ address: folder })).toEqual({ id: registry.id });

    await api.templates.fetchUpdate({ graphId: id });
    const { fromRegistry, template } = await api.templates.origin({ graphId: id });
    expect([fromRegistry, template]).toEqual([undefined, { id: made.id, title: "Hello", number: 1, update: 2 }]);
    expect((await api.templates.update({ graphId: id }))?.changes).toEqual([{ number: 2, changes: "Politer." }]);
    await api.templates.takeUpdate({ graphId: id });
    const { document } = await api.graphs.get({ id });
    expect([document.nodes.text?.params.text, document.nodes.other?.params.text]).toEqual(["good day", "mine"]);
    await api.registries.unsubscribe({ id: registry.id });
  });

  it("is refused where a bundle is not what its index says, and keeps its place where it cannot be read", async () => {
    const { folder, id } = await registryFolder();
    process.env.PATCHBAY_REGISTRIES = folder;
    const registry = await api.registries.subscribe({ address: folder });
    const path = join(folder, "Hello 1.patchbay");
    const bytes = await readFile(path);
    bytes[bytes.length - 30] = (bytes[bytes.length - 30] as number) ^ 1;
    await writeFile(path, bytes);
    const take = () => takeFromRegistry(db, blobs(), local, { registry: registry.id, template: id });
    await expect(take()).rejects.toThrow("not what the registry's index says");
    expect(await db.template.count({ where: { id } })).toBe(0);
    for (const text of ["[", '{"patchbay":"registry"}']) {
      await writeFile(join(folder, "index.json"), text);
      await api.registries.refresh();
      expect((await api.registries.list()).at(-1)).toMatchObject({
        templates: 1,
        error: expect.stringMatching(/index/),
      });
    }
    await api.registries.unsubscribe({ id: registry.id });
  });

  it("does not lead out of its folder, nor to places that are not allowed", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "inside"));
    process.env.PATCHBAY_REGISTRIES = `${join(folder, "inside")}, http://127.0.0.1:1/a, https://registry.example/ok`;
    const refused = async (address: string) =>
      expect(api.registries.subscribe({ address }), address).rejects.toThrow(/not among|no folder|from the network/);
    await refused(folder);
    await refused(`${folder}/inside/../`);
    await refused("https://registry.example/ok");
    process.env.PATCHBAY_ALLOW_REMOTE = "1";
    for (const address of [
      "https://registry.example/",
      "https://registry.example/okay",
      "https://registry.example/ok/../x",
    ])
      await refused(address);
    await expect(api.registries.subscribe({ address: "http://127.0.0.1:1/a" })).rejects.toThrow(
      "place of this machine",
    );
    await rm(folder, { recursive: true });
  });

  it("may be an address", async () => {
    const { folder, id } = await registryFolder();
    const server = createServer(async (request, response) => {
      const name = decodeURIComponent(request.url ?? "").replace("/templates/", "");
      response.end(await readFile(join(folder, name)).catch(() => ""));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/templates`;
    Object.assign(process.env, { PATCHBAY_REGISTRIES: address, PATCHBAY_ALLOW_REMOTE: "1" });
    process.env.PATCHBAY_PRIVATE_HOSTS = "127.0.0.1";
    const registry = await api.registries.subscribe({ address });
    expect(await takeFromRegistry(db, blobs(), local, { registry: registry.id, template: id })).toEqual({
      id,
      number: 1,
    });
    await api.registries.unsubscribe({ id: registry.id });
    server.close();
  });
});
