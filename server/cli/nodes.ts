import { Command } from "commander";
import * as z from "zod";
import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";
import { registry } from "#nodes/registry.gen";
import { jsonOption, printJson } from "./output";

export function nodesCommand(): Command {
  return new Command("nodes").addOption(jsonOption()).description("The node types there are.").action(listNodes);
}

function listNodes(options: { json?: boolean }): void {
  const definitions = Object.values(registry as Record<string, NodeDefinition>);
  if (options.json) printJson(definitions.map(described));
  else for (const { type, description } of definitions) console.log(`${type.padEnd(30)} ${description}`);
}

function described({ type, title, description, version, inputs, outputs, params }: NodeDefinition): object {
  return {
    type,
    title,
    description,
    version,
    inputs: describedPorts(inputs),
    outputs: describedPorts(outputs),
    params: z.toJSONSchema(z.object(params), { io: "input", unrepresentable: "any" }).properties ?? {},
  };
}

function describedPorts(ports: Record<string, Port>): Record<string, Partial<Port>> {
  const described = ({ type, dtype, shape, optional, many, doc }: Port) => ({
    type,
    dtype,
    shape,
    optional,
    many,
    doc,
  });
  return Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, described(port)]));
}
