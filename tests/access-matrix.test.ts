/**
 * Everything that can be asked, by everybody: each procedure, page and route there is, declared with the least that is
 * needed for it. One that is not declared fails here.
 */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { createElement } from "react";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { actorOf } from "#server/access/actor";
import { Forbidden, NotSignedIn } from "#server/access/may";
import { routes } from "#server/api/app";
import { appRouter } from "#server/routers/index";
import { db, withBackend } from "./kit/backend";
import { cast, document, gatherCast, headersFor, marker, thingsFor, type Things, type Who } from "./kit/access-cast";

let asked = new Headers();
vi.mock("next/headers", () => ({ headers: async () => asked, cookies: async () => ({ get: () => undefined }) }));

process.env.PATCHBAY_ACCOUNTS = "1";
process.env.PATCHBAY_KEY = Buffer.alloc(32, 7).toString("base64");
withBackend();
beforeAll(gatherCast);
afterAll(() =>
  console.log(`access: ${questions} questions, ${cast.length} who ask, ${questions * cast.length} in all`),
);
let questions = 0;

/** The least that is needed. */
type Need = keyof typeof allowed;
const members: Who[] = ["owner", "editor", "runner", "viewer"];
const outsiders: Who[] = ["member of another team", "administrator"];
const tokens: Who[] = ["token that reads", "token that runs", "token that writes"];
const allowed = {
  anyone: [...cast],
  known: cast.filter((who) => who !== "stranger"),
  /** Whoever is not kept to one graph. */
  "known here": cast.filter((who) => who !== "stranger" && who !== "token of another graph"),
  member: members,
  person: [...members, ...outsiders],
  viewer: [...members, ...tokens],
  runner: ["owner", "editor", "runner", "token that runs", "token that writes"] as Who[],
  editor: ["owner", "editor", "token that writes"] as Who[],
  "editor, not by token": ["owner", "editor"] as Who[],
  /** Others may do it in a team of their own. */
  "runner here or elsewhere": ["owner", "editor", "runner", ...outsiders, "token that runs", "token that writes"],
  "editor here or elsewhere": ["owner", "editor", ...outsiders, "token that writes"],
  owner: ["owner"] as Who[],
  administrator: ["administrator"] as Who[],
} satisfies Record<string, Who[]>;

type Ask = (things: Things) => unknown;
const graphOf: Ask = ({ graph }) => ({ id: graph });
const runOf: Ask = ({ run }) => ({ id: run });
const window = { id: "w", since: 0, agent: "test" };
/** The files of a name in `app`. */
const filesNamed = (name: string): string[] =>
  readdirSync("app", { recursive: true, encoding: "utf8" })
    .filter((file) => file === name || file.endsWith(`/${name}`))
    .map((file) => join("app", file));
const load = (file: string): Promise<unknown> => import(/* @vite-ignore */ resolve(file));
const none = "00000000-0000-4000-8000-00000000ffff";
const linked = { leaveOut: {}, resultFiles: false };
const noForm = { groups: [], outputs: [] };
const about = { title: "t", text: "", tags: [], licence: "" };
const made = { team: "", document };

const procedures: Record<string, [Need, Ask]> = {
  "account.me": ["anyone", () => undefined],
  "account.welcome": ["anyone", () => ({})],
  "account.signUp": ["anyone", () => ({ name: "n", email: "n@example.org", password: "0123456789", invitation: "no" })],
  "account.workIn": ["member", ({ team }) => ({ team })],
  "account.sessions": ["person", () => undefined],
  "account.endSession": ["person", () => ({ id: none })],
  "account.tokens": ["person", () => undefined],
  "account.createToken": ["person", () => ({ name: "n", scope: "read" })],
  "account.revokeToken": ["person", () => ({ id: none })],
  "apps.list": ["viewer", ({ graph }) => ({ graph })],
  "apps.ofGraph": ["editor, not by token", ({ graph }) => ({ graph })],
  "apps.publish": ["editor, not by token", ({ version }) => ({ version, title: "t", text: "", form: noForm })],
  "apps.remove": ["editor, not by token", ({ app }) => ({ id: app })],
  "apps.start": ["runner", ({ app }) => ({ id: app, values: {} })],
  "composites.list": ["known", () => undefined],
  "composites.get": ["viewer", ({ composite }) => ({ id: composite })],
  "composites.save": ["editor", ({ composite }) => ({ id: composite, document, composite: "none" })],
  "composites.remove": ["editor", ({ composite }) => ({ id: composite })],
  "data.columns": ["known here", () => ({ folder: "/none", files: "" })],
  "data.config": ["known here", () => ({ folder: "/none" })],
  "graphs.list": ["known", () => undefined],
  "graphs.get": ["viewer", graphOf],
  "graphs.create": ["editor", ({ team }) => ({ ...made, team })],
  "graphs.save": ["editor", ({ graph }) => ({ id: graph, revision: 1, document })],
  "graphs.watch": ["viewer", ({ graph }) => ({ id: graph, window })],
  "graphs.template": ["known here", () => ({ id: "image-embeddings" })],
  "graphs.missingFiles": ["known", ({ ref }) => ({ refs: [ref] })],
  "graphs.remove": ["editor", graphOf],
  "graphs.restore": ["editor", graphOf],
  "graphs.versions": ["viewer", graphOf],
  "graphs.version": ["viewer", ({ version }) => ({ id: version })],
  "graphs.nameVersion": ["editor", ({ graph }) => ({ id: graph, label: "now" })],
  "graphs.renameVersion": ["editor", ({ version }) => ({ id: version, label: "then" })],
  "graphs.restoreVersion": ["editor", ({ version }) => ({ id: version })],
  "links.list": ["editor, not by token", ({ graph }) => ({ graph })],
  "links.leaves": ["editor, not by token", ({ version }) => ({ ...linked, source: { version } })],
  "links.make": ["editor, not by token", ({ version }) => ({ ...linked, source: { version }, sites: [] })],
  "links.revoke": ["editor, not by token", ({ link }) => ({ id: link })],
  "links.change": ["editor, not by token", ({ link }) => ({ id: link, sites: [] })],
  "nodes.docs": ["known here", () => ({ type: "text.input" })],
  "nodes.synonyms": ["known here", () => undefined],
  "nodes.example": ["known here", () => ({ type: "text.input" })],
  "people.list": ["administrator", () => undefined],
  "people.setAdministrator": ["administrator", ({ guest }) => ({ user: guest, isAdministrator: true })],
  "people.signOut": ["administrator", ({ guest }) => ({ user: guest })],
  "people.remove": ["administrator", ({ guestEmail }) => ({ email: guestEmail })],
  "people.tokens": ["administrator", () => undefined],
  "people.revokeToken": ["administrator", () => ({ id: none })],
  "registries.list": ["administrator", () => undefined],
  "registries.subscribe": ["administrator", () => ({ address: "/none" })],
  "registries.unsubscribe": ["administrator", () => ({ id: none })],
  "registries.refresh": ["administrator", () => undefined],
  "runs.list": ["known", () => ({})],
  "runs.count": ["known", () => ({})],
  "runs.facets": ["known", () => undefined],
  "runs.remark": ["editor", ({ run }) => ({ ids: [run], note: "n" })],
  "runs.get": ["viewer", runOf],
  "runs.create": ["runner", ({ graph }) => ({ graphId: graph, document })],
  "runs.foresee": ["runner", ({ graph }) => ({ graphId: graph, document, targets: ["none"] })],
  "runs.again": ["runner", runOf],
  "runs.trainings": ["viewer", runOf],
  "runs.goOn": ["runner", ({ run }) => ({ id: run, node: "text", step: 1, until: 2 })],
  "runs.queue": ["known", () => undefined],
  "runs.move": ["editor", ({ waiting }) => ({ id: waiting, before: null })],
  "runs.next": ["editor", ({ waiting }) => ({ id: waiting })],
  "runs.pin": ["runner", ({ run }) => ({ id: run, node: "text" })],
  "runs.cancel": ["editor", ({ waiting }) => ({ id: waiting })],
  "runs.cancelMine": ["known", () => ({ askedBy: "nobody" })],
  "runs.remove": ["editor", runOf],
  "runs.removeMany": ["editor", ({ run }) => ({ ids: [run] })],
  "runs.curves": ["viewer", runOf],
  "runs.previews": ["viewer", ({ run }) => ({ id: run, node: "text" })],
  "runs.table": ["viewer", ({ run }) => ({ id: run, node: "text", from: 0, count: 1 })],
  "runs.slice": ["viewer", ({ run }) => ({ id: run, node: "text", port: "text", place: [0], axes: [0, 1] })],
  "runs.compare": ["known", ({ run }) => ({ ids: [run] })],
  "runs.events": ["viewer", runOf],
  "sweeps.list": ["known", () => undefined],
  "sweeps.get": ["viewer", ({ sweep }) => ({ id: sweep })],
  "sweeps.create": ["runner", ({ graph }) => ({ graphId: graph, document, spec: noSpec })],
  "sweeps.remove": ["editor", ({ sweep }) => ({ id: sweep })],
  "sweeps.cancel": ["editor", ({ sweep }) => ({ id: sweep })],
  "teams.get": ["viewer", ({ team }) => ({ id: team })],
  "teams.create": ["person", () => ({ name: "new" })],
  "teams.rename": ["owner", ({ team }) => ({ team, name: marker })],
  "teams.invite": ["owner", ({ team, guestEmail }) => ({ team, email: guestEmail, role: "viewer" })],
  "teams.takeBack": ["owner", ({ team, invitation }) => ({ team, id: invitation })],
  "teams.setRole": ["owner", ({ team, guest }) => ({ team, user: guest, role: "runner" })],
  "teams.removeMember": ["owner", ({ team, guest }) => ({ team, user: guest })],
  "teams.graphRoles": ["editor, not by token", ({ graph }) => ({ graph })],
  "teams.grant": ["editor, not by token", ({ graph, guestEmail }) => ({ graph, email: guestEmail, role: "viewer" })],
  "teams.tokens": ["owner", ({ team }) => ({ team })],
  "teams.revokeToken": ["owner", ({ team }) => ({ team, id: none })],
  "teams.secrets": ["runner", ({ team }) => ({ team })],
  "teams.setSecret": ["owner", ({ team, graph }) => ({ team, name: graph, text: "t" })],
  "teams.removeSecret": ["owner", ({ secret }) => ({ id: secret })],
  "teams.audit": ["administrator", () => ({})],
  "templates.list": ["known", () => undefined],
  "templates.get": ["viewer", ({ template }) => ({ id: template })],
  "templates.document": ["viewer", ({ template }) => ({ id: template, number: 1 })],
  "templates.ofGraph": ["viewer", ({ graph }) => ({ graphId: graph })],
  "templates.measured": ["viewer", ({ version }) => ({ version })],
  "templates.publish": ["editor, not by token", ({ version }) => ({ version, about, visibility: "team" })],
  "templates.withdraw": ["editor, not by token", ({ template }) => ({ id: template })],
  "templates.setVisibility": ["editor, not by token", ({ template }) => ({ id: template, visibility: "team" })],
  "templates.use": ["editor", ({ template, team }) => ({ id: template, team })],
  "templates.useFromRegistry": ["editor", ({ team }) => ({ registry: none, template: none, team })],
  "templates.origin": ["viewer", ({ graph }) => ({ graphId: graph })],
  "templates.fetchUpdate": ["editor", ({ graph }) => ({ graphId: graph })],
  "templates.update": ["viewer", ({ graph }) => ({ graphId: graph })],
  "templates.takeUpdate": ["editor", ({ graph }) => ({ graphId: graph })],
};
const axis = { node: "none", param: "none", values: ["a"] };
const noSpec = { mode: "grid", axes: [axis], count: 1, seed: 0, metric: { node: "none", port: "none", goal: "max" } };

/** Answers that say of something wanted that it is not there; whoever may ask is told so as well. */
const saysNotThere = [
  "templates.useFromRegistry",
  "templates.takeUpdate",
  "templates.fetchUpdate",
  "registries.unsubscribe",
  "account.endSession",
  "account.revokeToken",
  "people.revokeToken",
  "teams.revokeToken",
  "account.signUp",
];

/** What an administrator reads of all teams. */
const ofAll = ["teams.audit", "people.tokens"];

describe("every procedure", () => {
  const there = Object.keys(appRouter._def.procedures);

  it("is declared here", () => {
    expect(there.toSorted()).toEqual(Object.keys(procedures).toSorted());
  });

  it.each(Object.keys(procedures))("%s is for those it is declared for", async (path) => {
    const [need, ask] = procedures[path] as [Need, Ask];
    questions++;
    for (const who of cast) {
      const things = await thingsFor({ mayAsk: mayAsk(need, who) });
      const caller = appRouter.createCaller({ db, actor: await actorOf(headersFor(who)) });
      const told = await outcome(() => callProcedure(caller, path, ask(things)));
      if (ofAll.includes(path) && who === "administrator") expect(told.isRefused).toBe(false);
      else expectFits(told, need, who, saysNotThere.includes(path));
    }
  });
});

/** Calls a procedure; of a subscription the first thing that it tells. */
async function callProcedure(caller: object, path: string, input: unknown): Promise<unknown> {
  const procedure = path.split(".").reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], caller);
  const answer = await (procedure as (input: unknown) => Promise<unknown>)(input);
  if (!answer || typeof answer !== "object" || !(Symbol.asyncIterator in answer)) return answer;
  const events = (answer as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  const { value } = await events.next();
  await events.return?.();
  return value;
}

interface Told {
  isRefused: boolean;
  how: string;
  text: string;
}
const refusals = ["UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND"];

async function outcome(call: () => Promise<unknown>): Promise<Told> {
  try {
    return { isRefused: false, how: "answered", text: JSON.stringify(await call(), asText) ?? "" };
  } catch (error) {
    const { code = "", message } = error as { code?: string; message: string };
    const isRefused = refusals.includes(code) || error instanceof NotSignedIn || error instanceof Forbidden;
    return { isRefused, how: `${code} ${message}`, text: message };
  }
}

const asText = (_: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);

const mayAsk = (need: Need, who: Who): boolean => (allowed[need] as Who[]).includes(who);

function expectFits(told: Told, need: Need, who: Who, isOpen = false): void {
  if (!isOpen) expect(told.isRefused, `${who}: ${told.how}`).toBe(!mayAsk(need, who));
  if (["stranger", ...outsiders].includes(who)) expect(told.text, `${who} is told of the team`).not.toContain(marker);
}

/** Routes of files, by method and path below app; what they are asked with, and where something else. */
type RouteAsk = (things: Things) => { params?: Record<string, string>; search?: string; body?: BodyInit };
const nothing: RouteAsk = () => ({});
/** Links show what they were made to show to whoever has one; this one is none. */
const noLink: RouteAsk = ({ ref }) => ({ params: { token: "none", ref } });
const runParams: RouteAsk = ({ run }) => ({ params: { id: run, node: "text", port: "text" } });
const published: RouteAsk = ({ template }) => ({ params: { id: template }, search: "?version=1" });
const handlers: Record<string, [Need, RouteAsk]> = {
  "GET api/auth/[...all]": ["anyone", nothing],
  "POST api/auth/[...all]": ["anyone", nothing],
  "GET api/blobs/[ref]": ["viewer", ({ ref }) => ({ params: { ref } })],
  "POST api/bundles": ["editor here or elsewhere", nothing],
  "GET api/graphs/[id]/bundle": ["editor, not by token", ({ graph }) => ({ params: { id: graph } })],
  "GET api/health": ["anyone", nothing],
  "GET api/published/[id]/bundle": ["viewer", published],
  "GET api/published/[id]/picture": ["viewer", published],
  "GET api/runs/[id]/tensors/[node]/[port]": ["viewer", runParams],
  "GET api/runs/[id]/texts/[node]/[port]": ["viewer", runParams],
  "GET api/runs/[id]/trace": ["viewer", runParams],
  "GET api/templates/[id]/picture": ["known here", () => ({ params: { id: "image-embeddings" } })],
  "GET s/[token]/bundle": ["anyone", noLink],
  "GET s/[token]/files/[ref]": ["anyone", noLink],
  "POST s/[token]/fork": ["anyone", noLink],
  "GET s/[token]/graph": ["anyone", noLink],
  "POST s/[token]/unlock": ["anyone", noLink],
  "POST api/uploads": ["runner here or elsewhere", () => ({ body: "bytes" })],
};
/** These give what they are asked to those whose own checks are looked at below: procedures, and the API's routes. */
const passedOn = ["api/trpc/[trpc]", "api/v1/[[...path]]"];

describe("every route", () => {
  const files = filesNamed("route.ts");
  const pathOf = (file: string): string => file.replace(/^app\//, "").replace(/\/route\.ts$/, "");

  it("is declared here", async () => {
    const there: string[] = [];
    for (const file of files.filter((each) => !passedOn.includes(pathOf(each)))) {
      const module = (await load(file ?? "")) as object;
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"])
        if (method in module) there.push(`${method} ${pathOf(file)}`);
    }
    expect(there.toSorted()).toEqual(Object.keys(handlers).toSorted());
    expect(files.map(pathOf).filter((path) => passedOn.includes(path))).toHaveLength(passedOn.length);
  });

  it.each(Object.keys(handlers))("%s is for those it is declared for", async (route) => {
    const [need, ask] = handlers[route] as [Need, RouteAsk];
    const [method = "", path = ""] = route.split(" ");
    const module = (await load(`app/${path}/route.ts`)) as Record<string, Handler>;
    questions++;
    for (const who of cast) {
      const { params = {}, search = "", body } = ask(await thingsFor({ mayAsk: mayAsk(need, who) }));
      const request = new Request(`http://localhost/${path}${search}`, { method, headers: headersFor(who), body });
      const answer = await (module[method] as Handler)(request, { params: Promise.resolve(params) });
      expectFits(await toldBy(answer), need, who, need === "anyone");
    }
  });
});
type Handler = (request: Request, context: { params: Promise<object> }) => Promise<Response>;

/** What is not there, such as a tensor that the run did not give, is said in other words than what one may not see. */
async function toldBy(answer: Response): Promise<Told> {
  const text = await answer.text();
  const isMissing = answer.status === 404 && text.includes("This file does not exist, or was cleaned up");
  return { isRefused: [401, 403, 404].includes(answer.status) && !isMissing, how: `${answer.status} ${text}`, text };
}

/** There is none of this id, and whoever may ask is told so. */
const noHook: RouteAsk = ({ graph }) => ({ params: { id: graph, webhook: none } });
/** Routes for which there is nothing here: no webhook, no version that is served. */
const saysNoSuchThing = ["delete /graphs/{id}/webhooks/{webhook}", "get /graphs/{id}/service"];
/** The API's routes. */
const apiRoutes: Record<string, [Need, RouteAsk]> = {
  "get /openapi.json": ["known here", nothing],
  "get /graphs/{id}/openapi.json": ["viewer", ({ graph }) => ({ params: { id: graph } })],
  "post /files": ["runner here or elsewhere", () => ({ body: "bytes" })],
  "get /graphs": ["known", nothing],
  "get /graphs/{id}": ["viewer", ({ graph }) => ({ params: { id: graph } })],
  "get /graphs/{id}/versions": ["viewer", ({ graph }) => ({ params: { id: graph } })],
  "post /graphs/{id}/runs": ["runner", ({ graph }) => ({ params: { id: graph }, body: "{}" })],
  "put /graphs/{id}/service": ["editor, not by token", ({ graph }) => ({ params: { id: graph }, body: "{}" })],
  "get /graphs/{id}/service": ["viewer", ({ graph }) => ({ params: { id: graph } })],
  "delete /graphs/{id}/service": ["editor, not by token", ({ graph }) => ({ params: { id: graph } })],
  "get /graphs/{id}/calls": ["viewer", ({ graph }) => ({ params: { id: graph } })],
  "get /graphs/{id}/webhooks": ["editor, not by token", ({ graph }) => ({ params: { id: graph } })],
  "post /graphs/{id}/webhooks": ["editor, not by token", ({ graph }) => ({ params: { id: graph }, body: "{}" })],
  "delete /graphs/{id}/webhooks/{webhook}": ["editor, not by token", noHook],
  "get /graphs/{id}/deliveries": ["editor, not by token", ({ graph }) => ({ params: { id: graph } })],
  "get /runs": ["known", nothing],
  "get /runs/{id}": ["viewer", runParams],
  "delete /runs/{id}": ["editor", ({ waiting }) => ({ params: { id: waiting } })],
  "get /runs/{id}/events": ["viewer", runParams],
  "get /runs/{id}/outputs": ["viewer", runParams],
  "get /runs/{id}/artifacts": ["viewer", runParams],
  "get /runs/{id}/artifacts/{node}/{port}": ["viewer", runParams],
};

describe("every route of the API", () => {
  it("is declared here", () => {
    const there = routes.map(({ method, path }) => `${method} ${path}`);
    expect(there.toSorted()).toEqual(Object.keys(apiRoutes).toSorted());
  });

  it.each(Object.keys(apiRoutes))("%s is for those it is declared for", async (route) => {
    const { answerApi } = await import("#server/api/app");
    const [need, ask] = apiRoutes[route] as [Need, RouteAsk];
    const [method = "", path = ""] = route.split(" ");
    questions++;
    for (const who of cast) {
      const { params = {}, body } = ask(await thingsFor({ mayAsk: mayAsk(need, who) }));
      const url = `http://localhost/api/v1${path.replace(/\{(\w+)\}/g, (_, name) => params[name] ?? "")}`;
      const headers = headersFor(who);
      if (body) headers.set("content-type", route === "post /files" ? "application/octet-stream" : "application/json");
      const answer = await answerApi(new Request(url, { method: method.toUpperCase(), headers, body }));
      const told = await toldBy(answer);
      const isOfArtifact = route.endsWith("{port}") && told.text.includes("artifact");
      expectFits(isOfArtifact ? { ...told, isRefused: false } : told, need, who, saysNoSuchThing.includes(route));
    }
  });
});

/** Pages, by their path below app. */
const pages: Record<string, [Need, RouteAsk]> = {
  "": ["known", nothing],
  "graphs/[id]": ["viewer", ({ graph }) => ({ params: { id: graph } })],
  "graphs/[id]/versions": ["viewer", ({ graph }) => ({ params: { id: graph } })],
  "graphs/[id]/people": ["editor, not by token", ({ graph }) => ({ params: { id: graph } })],
  "graphs/[id]/update": ["viewer", ({ graph }) => ({ params: { id: graph } })],
  "api-docs": ["anyone", nothing],
  apps: ["known", nothing],
  "apps/[id]": ["viewer", ({ app }) => ({ params: { id: app } })],
  "templates/[id]": ["viewer", ({ template }) => ({ params: { id: template } })],
  account: ["known", nothing],
  audit: ["administrator", nothing],
  people: ["administrator", nothing],
  "embed/[token]": ["anyone", noLink],
  "s/[token]": ["anyone", noLink],
  "sign-in": ["anyone", nothing],
  "teams/[id]": ["viewer", ({ team }) => ({ params: { id: team } })],
  runs: ["known", nothing],
  "runs/[id]": ["viewer", ({ run }) => ({ params: { id: run } })],
  "runs/[id]/changes": ["viewer", ({ run }) => ({ params: { id: run } })],
  "runs/compare": ["known", nothing],
  sweeps: ["known", nothing],
  "sweeps/[id]": ["viewer", ({ sweep }) => ({ params: { id: sweep } })],
};

describe("every page", () => {
  const pathOf = (file: string): string => file.replace(/^app\/?/, "").replace(/\/?page\.tsx$/, "");
  const files = filesNamed("page.tsx").filter((file) => !file.startsWith("app/_"));

  it("is declared here", () => {
    expect(files.map(pathOf).toSorted()).toEqual(Object.keys(pages).toSorted());
  });

  it.each(Object.keys(pages))("/%s is for those it is declared for", async (path) => {
    const [need, ask] = pages[path] as [Need, RouteAsk];
    const file = files.find((each) => pathOf(each) === path);
    const { default: Page } = (await load(file ?? "")) as { default: (props: object) => unknown };
    questions++;
    for (const who of cast) {
      const { params = {} } = ask(await thingsFor({ mayAsk: mayAsk(need, who) }));
      asked = headersFor(who);
      const props = { params: Promise.resolve(params), searchParams: Promise.resolve({}) };
      const told = await outcome(async () => createElement("div", {}, (await Page(props)) as never));
      expectFits(
        { ...told, isRefused: /NEXT_(REDIRECT|HTTP_ERROR|NOT_FOUND)/.test(told.how) },
        need,
        who,
        need === "anyone",
      );
    }
  });
});
