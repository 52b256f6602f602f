/** What goes in and out of the API. These schemas judge requests, and the OpenAPI document is made of them. */
import * as z from "zod";
import type { PortType } from "#nodes/core/values";

/** What bodies hold is JSON already; a schema that refers to itself stops generators of clients. */
const anyJson = z.unknown() as unknown as z.ZodType<z.core.util.JSONType>;
const time = z.iso.datetime().meta({ example: "2026-01-31T12:00:00.000Z" });
export const id = z.uuid();
const place = z
  .string()
  .min(3)
  .max(700)
  .regex(/^[^.]+\..+$/, "“node.port” was expected")
  .meta({ description: "An output, as “node.port”.", example: "norm.embedding" });

export const statusSchema = z.enum(["queued", "running", "done", "failed", "cancelled"]).meta({ id: "RunStatus" });

const errorSchema = z
  .object({
    detail: z.string(),
    remedy: z.string().optional(),
    node: z.string().optional(),
    port: z.string().optional(),
    param: z.string().optional(),
  })
  .meta({ id: "RunError", description: "Why a run failed." });

/** Values by "node.param", and constants by "$.name". */
export const parametersSchema = z.record(z.string().max(200), anyJson).meta({
  id: "Parameters",
  description: "Values by “node.param”; constants of the graph by “$.name”.",
  example: { "data.limit": 12 },
});

const address = z.string().min(1).max(2000).meta({ format: "uri" });
const secret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, "“whsec_” and 24 to 64 bytes in base64 were expected")
  .meta({ description: "What messages are signed with." });

const runWebhookSchema = z
  .strictObject({ url: address, secret })
  .meta({ id: "RunWebhook", description: "Is told of the end of this run." });

/** What a run is asked for with. */
export const runRequestSchema = z
  .strictObject({
    version: z
      .union([z.int().min(1), z.string().min(1).max(100)])
      .optional()
      .meta({ description: "Number or name of a named version; the last named one by default. Never the draft." }),
    parameters: parametersSchema.optional(),
    outputs: z
      .array(place)
      .min(1)
      .max(200)
      .optional()
      .meta({ description: "What is asked for; by default all that the graph's last nodes give." }),
    webhook: runWebhookSchema.optional(),
  })
  .meta({ id: "RunRequest" });
export type RunRequest = z.output<typeof runRequestSchema>;

export const runSchema = z
  .object({
    id,
    graph: id.nullable(),
    version: z.int().nullable(),
    name: z.string(),
    status: statusSchema,
    parameters: parametersSchema,
    error: errorSchema.nullable(),
    createdAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    links: z.object({ self: z.string(), events: z.string(), outputs: z.string() }),
  })
  .meta({ id: "Run" });
export type ApiRun = z.output<typeof runSchema>;

const fileSchema = z
  .object({
    name: z.string(),
    href: z.string().optional().meta({ description: "Where its bytes are, if they are in the store." }),
  })
  .meta({ id: "OutputFile" });

const numberOutput = z.object({ type: z.literal("number"), value: z.number().nullable() }).meta({ id: "NumberOutput" });
const textOutput = z
  .object({
    type: z.literal("text"),
    rows: z.int(),
    values: z.array(z.string()).optional(),
    href: z.string().optional().meta({ description: "The texts as lines of JSON." }),
  })
  .meta({ id: "TextOutput" });
const tensorOutput = z
  .object({
    type: z.literal("tensor"),
    dtype: z.string(),
    shape: z.array(z.int()),
    values: z
      .array(z.union([z.number(), z.string()]))
      .optional()
      .meta({ description: "Row after row. What no number of JSON can be is a text: NaN, Infinity." }),
    href: z.string().optional().meta({ description: "The tensor as a .npy file." }),
  })
  .meta({ id: "TensorOutput" });
const imageOutput = z
  .object({ type: z.literal("image"), rows: z.int(), files: z.array(fileSchema) })
  .meta({ id: "ImageOutput" });
const fileOutput = z
  .object({
    type: z.enum(["file", "weights"]),
    name: z.string(),
    bytes: z.int().optional(),
    href: z.string().optional(),
  })
  .meta({ id: "FileOutput" });
const valueOutput = z
  .object({
    type: z.enum(["series", "ranking", "matrix", "gallery", "view", "tokenizer"]),
    value: anyJson.optional(),
  })
  .meta({ id: "ValueOutput" });

/** One output of a run, by the type of its port. What is too large for an answer is behind `href`. */
export const outputSchemas = {
  number: numberOutput,
  text: textOutput,
  tensor: tensorOutput,
  image: imageOutput,
  file: fileOutput,
  weights: fileOutput,
  series: valueOutput,
  ranking: valueOutput,
  matrix: valueOutput,
  gallery: valueOutput,
  view: valueOutput,
  tokenizer: valueOutput,
} satisfies Record<PortType, z.ZodType>;

export const outputSchema = z
  .discriminatedUnion("type", [numberOutput, textOutput, tensorOutput, imageOutput, fileOutput, valueOutput])
  .meta({ id: "Output" });
export type ApiOutput = z.output<typeof outputSchema>;

export const outputsSchema = z
  .object({ outputs: z.record(z.string(), outputSchema).meta({ description: "By “node.port”." }) })
  .meta({ id: "Outputs" });

/** What is answered where a request waited for the end. */
export const finishedSchema = runSchema.extend(outputsSchema.shape).meta({ id: "FinishedRun" });

export const artifactSchema = z
  .object({ output: place, type: z.string(), name: z.string(), href: z.string() })
  .meta({ id: "Artifact" });

export const eventSchema = z
  .looseObject({ kind: z.string(), at: z.int().optional() })
  .meta({ id: "RunEvent", description: "What a run tells: its status, and what its nodes do." });

export const versionSchema = z
  .object({ number: z.int(), name: z.string(), createdAt: time })
  .meta({ id: "Version", description: "A named version of a graph." });

export const graphSchema = z
  .object({ id, name: z.string(), description: z.string(), updatedAt: time })
  .meta({ id: "Graph" });

export const parameterSchema = z
  .object({
    schema: z.record(z.string(), anyJson).meta({ description: "JSON Schema of its values." }),
    title: z.string(),
    value: anyJson.optional().meta({ description: "What it is in that version." }),
    file: z.enum(["one", "several"]).optional().meta({ description: "It takes files." }),
  })
  .meta({ id: "Parameter" });

export const graphDetailsSchema = graphSchema
  .extend({
    version: versionSchema.nullable(),
    parameters: z.record(z.string(), parameterSchema),
    outputs: z.record(z.string(), z.object({ type: z.string(), title: z.string(), byDefault: z.boolean() })),
  })
  .meta({ id: "GraphDetails" });

export const storedFileSchema = z
  .object({ ref: z.string(), name: z.string(), bytes: z.int() })
  .meta({ id: "StoredFile", description: "A file that parameters may name by its `ref`." });

/** A page of a list: the next one begins behind `next`. */
export function pageOf<T extends z.ZodType>(item: T, name: string) {
  return z.object({ items: z.array(item), next: z.string().nullable() }).meta({ id: name });
}

export const paging = z.object({
  limit: z.coerce.number().pipe(z.int().min(1).max(200)).default(50),
  cursor: z.uuid().optional().meta({ description: "What the page before gave as `next`." }),
});

/** Seconds that a request waits for the end of its run. */
export const waiting = z.object({
  wait: z.coerce
    .number()
    .pipe(z.number().min(0).max(300))
    .optional()
    .meta({ description: "Seconds to wait for the end; the run goes on where it has not ended by then." }),
});

/** How a graph is to be kept ready. */
export const serviceRequestSchema = z
  .strictObject({ version: runRequestSchema.shape.version, outputs: runRequestSchema.shape.outputs })
  .meta({ id: "ServiceRequest" });

export const serviceSchema = z
  .object({
    graph: id,
    version: z.int(),
    outputs: z.array(z.string()),
    lastHour: z
      .object({ calls: z.int(), failed: z.int(), median: z.number().nullable(), p95: z.number().nullable() })
      .meta({ description: "How many calls there were, and how many milliseconds they took." }),
  })
  .meta({ id: "Service" });

export const callSchema = z
  .object({
    id,
    rows: z.int(),
    ms: z.number(),
    error: errorSchema.nullable(),
    createdAt: time,
  })
  .meta({ id: "Call" });

export const webhookRequestSchema = z
  .strictObject({ url: address, secret: secret.optional() })
  .meta({ id: "WebhookRequest" });
export const webhookSchema = z.object({ id, url: z.string(), createdAt: time }).meta({ id: "Webhook" });
export const newWebhookSchema = z.object({ id, url: z.string(), secret: z.string() }).meta({ id: "NewWebhook" });

export const deliverySchema = z
  .object({
    id,
    run: id,
    url: z.string(),
    status: z.enum(["waiting", "delivered", "failed"]),
    attempts: z.int(),
    lastStatus: z.int().nullable(),
    lastError: z.string().nullable(),
    createdAt: time,
    endedAt: time.nullable(),
  })
  .meta({ id: "Delivery" });
