import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open as openFile, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { Command, CommanderError, Option } from "commander";
import * as z from "zod";
import { coverage } from "#models/onnx/import/coverage";
import { check } from "#nodes/graph/check";
import { type GraphDocument, limits } from "#nodes/graph/document";
import type { RunEvent } from "#nodes/graph/events";
import { parseText } from "#nodes/graph/parse";
import type { Problem } from "#nodes/graph/problem";
import { expandSweep, trialText } from "#nodes/graph/sweep";
import { registry } from "#nodes/registry.gen";
import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";
import { env } from "./env";
import { toPublic } from "./errors";
import { type Blobs, maxUpload, openBlobs } from "./storage/blobs";
import type { TrialResult } from "./sweeps/headless";
import { readSweepOptions, type SweepOptions } from "./sweeps/options";
import { listTemplates, readTemplate } from "./templates";
import { Usage } from "./usage";

/** The engine without browser or server. Exit status: 0, 1 for problems in the graph or the run, 2 for wrong usage. */
const program = new Command("patchbay")
  .description("Checks, runs and compiles graphs.")
  .exitOverride()
  .showHelpAfterError("(patchbay --help shows what there is)");
let status = 0;

const print = (value: unknown): void => console.log(JSON.stringify(value));
const say = (text: string) => process.stderr.write(`${text}\n`);
const tell = ({ severity, node, port, param, message, hint }: Problem) =>
  say(
    `${severity}${node ? ` in ${[node, port ?? param].filter(Boolean).join(".")}` : ""}: ${message}${hint ? ` ${hint}` : ""}`,
  );
const stop = (problems: readonly Problem[], json: boolean | undefined): undefined => {
  status = 1;
  if (json) print({ status: "failed", problems });
  else problems.forEach(tell);
};

/** A graph from a file or a template's name. */
async function open(name: string): Promise<{ document?: GraphDocument; problems?: Problem[] }> {
  const size = await stat(name).then(
    (s) => (s.isFile() ? s.size : undefined),
    () => undefined,
  );
  if (size === undefined) {
    const template = await readTemplate(name);
    if (!template)
      throw new Usage(
        `There is no file and no template “${name}”. Templates: ${(await listTemplates()).map((t) => t.id).join(", ")}.`,
      );
    return { document: template };
  }
  if (size > limits.bytes)
    return {
      problems: [
        {
          code: "too-large",
          severity: "error",
          message: `The graph has ${Math.ceil(size / 2 ** 20)} MiB; ${limits.bytes / 2 ** 20} MiB is the limit.`,
          hint: "Keep data in datasets and uploads, not in parameters.",
        },
      ],
    };
  return parseText(await readFile(name, "utf8"));
}

/** `NODE.PARAM=VALUE`; a value that is JSON is taken as such, anything else as text, and `@PATH` as an upload where the parameter is one. */
async function set(
  document: GraphDocument,
  assignments: readonly string[],
  blobs = openBlobs(join(env().data, "blobs")),
): Promise<GraphDocument> {
  const result = structuredClone(document);
  for (const assignment of assignments) {
    const match = /^([^.=]+)\.([^=]+)=(.*)$/s.exec(assignment);
    if (!match) throw new Usage(`--set takes NODE.PARAM=VALUE, and “${assignment}” is something else.`);
    const [, id = "", param = "", text = ""] = match;
    const node = Object.hasOwn(result.nodes, id) ? result.nodes[id] : undefined;
    if (!node)
      throw new Usage(
        `--set names the node “${id}”, which is not in the graph. Its nodes: ${Object.keys(result.nodes).join(", ")}.`,
      );
    const definition = (registry as Record<string, NodeDefinition>)[node.type];
    const known = definition?.params ?? {};
    if (!Object.hasOwn(known, param))
      throw new Usage(
        `--set names the parameter “${param}”, which ${id} does not have. Its parameters: ${Object.keys(known).join(", ") || "none"}.`,
      );
    if (text.startsWith("@") && z.globalRegistry.get(known[param])?.widget === "upload") {
      node.params[param] = (await uploaded(text.slice(1), blobs, definition?.inspect?.[param])) as z.core.util.JSONType;
      continue;
    }
    let value: z.core.util.JSONType = text;
    try {
      value = JSON.parse(text);
    } catch {
      // plain text
    }
    node.params[param] = value;
  }
  return result;
}

/** Where results go; asked for before a long run, not after it. */
async function makeFolder(out: string): Promise<void> {
  await mkdir(out, { recursive: true }).catch((error: Error) => {
    throw new Usage(`--out names “${out}”, which cannot be made a folder: ${error.message}.`);
  });
}

/** A file as a parameter holds it: stored, and with what its node keeps of it. */
async function uploaded(
  path: string,
  blobs: Blobs,
  inspect: NonNullable<NodeDefinition["inspect"]>[string] | undefined,
): Promise<object> {
  const file = await openFile(path).catch(() => {
    throw new Usage(`--set names the file “${path}”, which cannot be read.`);
  });
  try {
    const { size } = await file.stat();
    const read = async (start: number, end: number) =>
      (await file.read(new Uint8Array(end - start), 0, end - start, start)).buffer;
    const inspected = await inspect?.({ size, read });
    const { ref } = await blobs.putStream(createReadStream(path), maxUpload);
    return { ref, name: basename(path), ...inspected };
  } finally {
    await file.close();
  }
}

const collect = (value: string, list: string[]): string[] => [...list, value];
const json = () => new Option("--json", "one JSON object on stdout");
const provider = () => new Option("--provider <name>", "auto, cpu, webgpu or cuda").default("auto");

/** What every execution is given: this machine's folders and settings, and a signal that Ctrl-C raises. */
function engineOf(options: { provider: string; json?: boolean }) {
  const chosen = z.enum(["auto", "cpu", "webgpu", "cuda"]).safeParse(options.provider);
  if (!chosen.success) throw new Usage(`--provider is auto, cpu, webgpu or cuda, and not “${options.provider}”.`);
  const { data, folders, allowRemote } = env();
  const controller = new AbortController();
  let since = Number.POSITIVE_INFINITY; // npm passes on the signal that the terminal sent to all: only one that comes later is a second one
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (performance.now() - since > 1000) process.exit(1);
      since = Math.min(since, performance.now());
      controller.abort();
    });
  }
  return {
    blobs: openBlobs(join(data, "blobs")),
    cacheDir: join(data, "cache"),
    scratch: join(data, "scratch"),
    signal: controller.signal,
    folders,
    allowRemote,
    provider: chosen.data,
    onEvent: options.json ? undefined : progress(),
    onCause: (cause: unknown) => process.env.PATCHBAY_DEBUG && console.error(cause),
  };
}

program
  .command("check")
  .argument("<graph>", "a file or a template's name")
  .addOption(json())
  .description("Types, shapes, parameters and wires, without running anything.")
  .action(async (name: string, options: { json?: boolean }) => {
    const { document, problems } = await open(name);
    const found = document ? check(document).problems : (problems as Problem[]);
    if (found.some((p) => p.severity === "error")) status = 1;
    if (options.json) print({ status: status ? "failed" : "done", problems: found });
    else {
      found.forEach(tell);
      if (!status) say(`${name}: no errors.`);
    }
  });

program
  .command("run")
  .argument("<graph>", "a file or a template's name")
  .option("--set <NODE.PARAM=VALUE>", "changes a parameter; @PATH uploads a file", collect, [])
  .option("--out <dir>", "writes files and tensors there")
  .option("--target <node>", "computes only what this node needs", collect, [])
  .addOption(provider())
  .addOption(json())
  .description("Runs a graph; trainings too.")
  .action(
    async (
      name: string,
      options: { set: string[]; out?: string; target: string[]; provider: string; json?: boolean },
    ) => {
      const { document: saved, problems } = await open(name);
      if (!saved) return stop(problems as Problem[], options.json);
      const document = await set(saved, options.set);
      const { execute } = await import("./runtime/execute");
      const engine = engineOf(options);
      if (options.out) await makeFolder(options.out);
      const result = await execute({
        ...engine,
        document,
        targets: options.target.length ? options.target : undefined,
      });
      const outputs = await writeOutputs(result.outputs, options.out, engine.blobs);
      if (result.status !== "done") status = 1;
      const { problems: found, error, ran, cached, timings } = result;
      if (options.json)
        return print({
          status: result.status,
          outputs,
          ran,
          cached,
          timings,
          provider: result.provider,
          ...(found.length ? { problems: found } : {}),
          ...(error ? { error } : {}),
        });
      found.forEach(tell);
      if (error && !found.some((p) => p.message === error.message))
        say(
          `error${error.node ? ` in ${[error.node, error.port ?? error.param].filter(Boolean).join(".")}` : ""}: ${error.message}${error.hint ? ` ${error.hint}` : ""}`,
        );
      for (const [node, ports] of Object.entries(outputs))
        for (const [port, value] of Object.entries(ports))
          if (typeof value === "number") console.log(`${node}.${port} = ${value}`);
      say(`${result.status}: ran ${ran.length} nodes, ${cached.length} from the cache.`);
    },
  );

program
  .command("sweep")
  .argument("<graph>", "a file or a template's name")
  .option("--grid <NODE.PARAM=V1,V2>", "values to take", collect, [])
  .option("--random <NODE.PARAM=MIN..MAX[:log]>", "a range to draw from", collect, [])
  .option("--count <n>", "how many draws (20)")
  .option("--seed <n>", "of the draws", "0")
  .requiredOption("--metric <NODE.PORT[:LINE]>", "the output by which runs are compared")
  .option("--goal <max|min>", "which is better (max for a number, min for a series)")
  .option("--set <NODE.PARAM=VALUE>", "changes a parameter for all runs", collect, [])
  .addOption(provider())
  .addOption(json())
  .description("Runs a graph with many values of its parameters, and says which does best.")
  .action(async (name: string, options: SweepOptions & { set: string[]; provider: string; json?: boolean }) => {
    const { document: saved, problems } = await open(name);
    if (!saved) return stop(problems as Problem[], options.json);
    const document = await set(saved, options.set);
    const spec = readSweepOptions(options, document);
    const { trials, problems: wrong } = expandSweep(document, spec);
    if (wrong.length) return stop(wrong, options.json);
    const { runTrials } = await import("./sweeps/headless");
    const engine = engineOf(options);
    const done: TrialResult[] = [];
    const metric = [spec.metric.node, spec.metric.port].join(".");
    for await (const trial of runTrials(document, spec, trials, engine)) {
      done.push(trial);
      if (options.json) continue;
      say(
        `${trial.number} of ${trials.length}: ${trial.status} after ${(trial.ms / 1000).toFixed(2)} s${trial.error ? `: ${trial.error.message}` : ""}`,
      );
      if (trial.metric !== null) console.log(`${metric} = ${trial.metric} with ${trialText(trial.assignment)}`);
    }
    const [best] = done
      .filter((t) => t.metric !== null)
      .sort((a, b) => (Number(a.metric) - Number(b.metric)) * (spec.metric.goal === "min" ? 1 : -1));
    const ended = engine.signal.aborted ? "cancelled" : done.some((t) => t.status === "failed") ? "failed" : "done";
    if (ended !== "done") status = 1;
    if (options.json) print({ status: ended, metric: spec.metric, best: best ?? null, trials: done });
    else
      say(
        best
          ? `${ended}: best of ${done.length} is run ${best.number}, ${metric} = ${best.metric} with ${trialText(best.assignment)}`
          : `${ended}: no run gave ${metric}.`,
      );
  });

program
  .command("compile")
  .argument("<graph>", "a file or a template's name")
  .requiredOption("--out <dir>", "where the models go")
  .option("--set <NODE.PARAM=VALUE>", "changes a parameter; @PATH uploads a file", collect, [])
  .option("--weights <file>", "writes the parameters of a .safetensors file into the models")
  .addOption(json())
  .description("Writes the ONNX models that a graph becomes, with a symbolic batch.")
  .action(async (name: string, options: { out: string; set: string[]; weights?: string; json?: boolean }) => {
    const { document, problems } = await open(name);
    if (!document) return stop(problems as Problem[], options.json);
    const { compile } = await import("./compile");
    const { createHost } = await import("./runtime/host/create-host");
    const { data, folders } = env();
    const blobs = openBlobs(join(data, "blobs"));
    const weights =
      options.weights === undefined
        ? undefined
        : await readFile(options.weights).catch(() => {
            throw new Usage(`--weights names the file “${options.weights}”, which cannot be read.`);
          });
    const hostFor = (nodeId: string) =>
      createHost({
        blobs,
        cacheDir: join(data, "cache"),
        signal: new AbortController().signal,
        folders,
        nodeId,
        seed: 0,
        onProgress: () => {},
        onWarn: say,
      });
    const compiled = await compile(await set(document, options.set), { weights, hostFor });
    if ("problems" in compiled) return stop(compiled.problems, options.json);
    await makeFolder(options.out);
    for (const { name: file, model } of compiled.models) await writeFile(join(options.out, `${file}.onnx`), model);
    const models = compiled.models.map(({ name: file, nodes, model }) => ({
      file: resolve(options.out, `${file}.onnx`),
      nodes,
      bytes: model.byteLength,
    }));
    if (options.json) print({ status: "done", models });
    else for (const { file, nodes } of models) console.log(`${file}: ${nodes.join(", ")}`);
  });

program
  .command("nodes")
  .addOption(json())
  .description("The node types there are.")
  .action((options: { json?: boolean }) => {
    const list = Object.values(registry as Record<string, NodeDefinition>).map((d) => ({
      type: d.type,
      title: d.title,
      description: d.description,
      version: d.version,
      inputs: ports(d.inputs),
      outputs: ports(d.outputs),
      params: z.toJSONSchema(z.object(d.params), { io: "input", unrepresentable: "any" }).properties ?? {},
    }));
    if (options.json) print(list);
    else for (const { type, description } of list) console.log(`${type.padEnd(30)} ${description}`);
  });
const ports = (all: Record<string, Port>) =>
  Object.fromEntries(
    Object.entries(all).map(([name, { type, dtype, shape, optional, many, doc }]) => [
      name,
      { type, dtype, shape, optional, many, doc },
    ]),
  );

program
  .command("ops")
  .addOption(json())
  .description("The ops that a graph may be made of and an imported file may hold, and which of them train.")
  .action((options: { json?: boolean }) => {
    const list = coverage().map(({ op, gradient }) => ({ op, shape: true, gradient }));
    if (options.json) print(list);
    else for (const { op, gradient } of list) console.log(`${op.padEnd(24)} ${gradient}`);
  });

program
  .command("templates")
  .addOption(json())
  .description("The graphs to start from.")
  .action(async (options: { json?: boolean }) => {
    const list = await listTemplates();
    if (options.json) print(list);
    else for (const { id, description } of list) console.log(`${id.padEnd(24)} ${description}`);
  });

/** One line per node on stderr, and a training's loss now and then. */
function progress(): (event: RunEvent) => void {
  let last = 0;
  return (event) => {
    if (event.kind === "node-done" && !event.cached) say(`${event.node}: ${(event.ms / 1000).toFixed(2)} s`);
    if (event.kind === "warning") say(`warning${event.node ? ` in ${event.node}` : ""}: ${event.message}`);
    if (event.kind === "resumed") say(`${event.node}: goes on after step ${event.step}`);
    if (event.kind === "node-progress" && performance.now() - last > 2000) {
      last = performance.now();
      say(`${event.node}: ${event.done} of ${event.of}${event.note ? `, ${event.note}` : ""}`);
    }
  };
}

const inlineBytes = 16 * 1024;
/** Values for the JSON object: themselves when they are small, else a file. With --out, whatever the blob store holds is written there. */
async function writeOutputs(
  outputs: Record<string, Record<string, { type: string; value: unknown }>>,
  out: string | undefined,
  blobs: ReturnType<typeof openBlobs>,
): Promise<Record<string, Record<string, unknown>>> {
  const result: Record<string, Record<string, unknown>> = {};
  const taken = new Set<string>();
  for (const [node, ports] of Object.entries(outputs)) {
    const shown: Record<string, unknown> = {};
    result[node] = shown;
    for (const [port, { type, value }] of Object.entries(ports)) {
      const text = JSON.stringify(value);
      const ref = (value as { ref?: string })?.ref;
      if (out && ref) {
        const own = basename((value as { name?: string }).name ?? "");
        const name =
          own && !taken.has(own) ? own : `${node}.${port}.${own || (type === "weights" ? "safetensors" : "bin")}`;
        const file = join(out, name);
        taken.add(name);
        await pipeline(blobs.stream(ref), createWriteStream(file));
        shown[port] = { ...(value as object), artifact: resolve(file) };
      } else if (text.length <= inlineBytes) shown[port] = value;
      else if (out) {
        const file = join(out, `${node}.${port}.json`);
        await writeFile(file, text);
        shown[port] = { type, artifact: resolve(file) };
      } else shown[port] = { type, artifact: blobs.path(await blobs.put(new TextEncoder().encode(text))) };
    }
  }
  return result;
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) status = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof Usage) {
    say(error.message);
    status = 2;
  } else {
    const { message, hint } = toPublic(error);
    if (process.argv.includes("--json")) print({ status: "failed", error: { message, hint } });
    else say(`error: ${message}${hint ? ` ${hint}` : ""}`);
    if (process.env.PATCHBAY_DEBUG) console.error(error);
    status = 1;
  }
}
// A native session may hold the loop open; what had to be written has been awaited.
process.exitCode = status;
process.stdout.write("", () => process.exit(status));
