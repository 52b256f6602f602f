import { describe, expect, it } from "vitest";
import * as z from "zod";
import { type NodeDefinition, withPorts } from "../core/node";
import type { Port } from "../core/ports";
import { registry } from "../registry.gen";
import { standIns } from "./bypass";

/** Every node type as a fresh node has it, with what stands in for its outputs where it is bypassed. */
const passing = Object.values<NodeDefinition>(registry).map((declared) => {
  const params = z.object(declared.params as z.ZodRawShape).safeParse({}).data ?? {};
  const definition = declared.ports ? withPorts(declared, params) : declared;
  const inputs = Object.entries<Port>(definition.inputs);
  return { definition, inputs, outputs: Object.entries<Port>(definition.outputs), ...standIns(definition, params) };
});

describe("a bypassed node of any type", () => {
  it("passes on what comes in under the same name as what goes out, unless its type says that nothing does", () => {
    const undecided = passing.filter(({ definition }) => JSON.stringify(definition.bypass) !== "{}");
    const wrong = undecided.flatMap(({ definition, inputs, outputs, ports }) =>
      outputs
        .filter(([name, { type }]) =>
          inputs.some(([input, port]) => input === name && port.type === type && !port.many),
        )
        .filter(([name]) => ports[name] !== name)
        .map(([name]) => `${definition.type}.${name}: ${ports[name] ?? "nothing"}`),
    );
    expect(wrong).toEqual([]);
  });

  it("passes nothing on as a loss", () => {
    const losses = passing.filter(({ definition }) => definition.type.startsWith("loss."));
    expect(losses.length).toBeGreaterThan(4);
    expect(losses.filter(({ ports }) => Object.hasOwn(ports, "loss")).map(({ definition }) => definition.type)).toEqual(
      [],
    );
  });

  it("names ports that it has", () => {
    const unknown = passing.flatMap(({ definition, inputs, outputs }) =>
      Object.entries(definition.bypass ?? {})
        .filter(
          ([output, input]) => ![outputs, inputs].every((ports, i) => ports.some(([n]) => n === [output, input][i])),
        )
        .map(([output, input]) => `${definition.type}: ${output} from ${input}`),
    );
    expect(unknown).toEqual([]);
  });
});
