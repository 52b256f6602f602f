import { describe, expect, it } from "vitest";
import { expectSameNumbers } from "#tests/kit/check-op";
import { gradients } from "../differentiate";
import { Graph, type Value } from "../graph";
import { type Ops, opsOf } from "../ops/index";
import { print } from "../print";
import { optimize, passes } from "./index";

/** A graph whose outputs are what `build` returns. */
function graphOf(build: (op: Ops, graph: Graph) => Record<string, ReturnType<Ops["Add"]>>): Graph {
  const graph = new Graph();
  for (const [name, value] of Object.entries(build(opsOf(graph), graph))) graph.output(name, value);
  return graph;
}

/** The graph after a pass, without what became dead by it, as text; the runtime has given the same numbers for both. */
async function afterPass(pass: (graph: Graph) => Graph, graph: Graph): Promise<string> {
  const result = passes["drop-dead"](pass(graph));
  await expectSameNumbers(graph, result, { seed: "passes", tolerance: 1e-6 });
  return print(result);
}

describe("constant folding", () => {
  it("evaluates ops on small constants, and leaves large results to the runtime", async () => {
    const graph = graphOf((op, g) => {
      const x = g.input("x", "float32", [2, 3]);
      const row = g.constant([1, 2, 3]);
      const column = op.Reshape(g.constant([10, 20]), { to: [2, 1] });
      const table = op.Transpose(op.Mul(op.Neg(op.Add(row, column)), g.constant([0.5])), { perm: [1, 0] });
      const index = op.Cast(op.Sub(g.constant([5], "int64"), g.constant([3, 4], "int64")), { dtype: "float32" });
      return {
        y: op.MatMul(x, table),
        z: op.Add(op.Expand(g.constant([1]), { to: [40, 40] }), g.constant([1])),
        index,
      };
    });
    expect(await afterPass(passes.fold, graph)).toMatchInlineSnapshot(`
      "(x: float32[2,3])
        const_0: float32[3,2] = -5.5 -10.5 -6 -11 -6.5 -11.5
        const_2: float32[] = 1
        const_4: float32[] = 1
        const_6: float32[2] = 2 1
        MatMul_1: float32[2,2] = MatMul(x, const_0)
        Expand_3: float32[40,40] = Expand(const_2, to=[40,40])
        Add_5: float32[40,40] = Add(Expand_3, const_4)
      => y=MatMul_1, z=Add_5, index=const_6"
    `);
  });
});

describe("simplification", () => {
  it("drops what changes nothing and merges pairs", async () => {
    const graph = graphOf((op, g) => {
      const x = g.input("x", "float32", [2, 3]);
      const one = g.constant([1]);
      const zero = g.constant([0, 0, 0]);
      const same = op.Div(op.Sub(op.Add(op.Mul(one, op.Neg(op.Neg(x))), zero), zero), one);
      const turned = op.Transpose(
        op.Transpose(op.Reshape(op.Reshape(op.Identity(same), { to: [6] }), { to: [1, 2, 3] }), { perm: [2, 0, 1] }),
        { perm: [0, 2, 1] },
      );
      return { turned, back: op.Transpose(op.Transpose(x, { perm: [1, 0] }), { perm: [1, 0] }) };
    });
    expect(await afterPass(passes.simplify, graph)).toMatchInlineSnapshot(`
      "(x: float32[2,3])
        Reshape_0: float32[1,2,3] = Reshape(x, to=[1,2,3])
        Transpose_1: float32[3,2,1] = Transpose(Reshape_0, perm=[2,1,0])
      => turned=Transpose_1, back=x"
    `);
  });
  it("adds at places into what is there instead of into zeros", async () => {
    const graph = graphOf((op, g) => {
      const x = g.input("x", "float32", [2, 3]);
      const at = g.constant([1, 0], "int64", [2, 1]);
      const u = g.input("u", "float32", [2, 1]);
      const zeros = op.Expand(g.constant([0]), { to: [2, 3] });
      const ones = op.Expand(g.constant([1]), { to: [2, 3] });
      const scatter = (into: ReturnType<Ops["Add"]>, reduction: "add" | "none") =>
        op.ScatterElements(into, at, u, { axis: 1, reduction });
      return {
        y: op.Add(op.Exp(x), scatter(zeros, "add")),
        set: op.Add(x, scatter(zeros, "none")),
        shifted: op.Add(scatter(ones, "add"), x),
      };
    });
    const written = await afterPass(passes.simplify, graph);
    expect(written).toContain("y=ScatterElements");
    expect(written.match(/Add\(/g)).toHaveLength(2);
  });
  it("keeps what broadcasts to a larger shape, and does not expand what an op broadcasts by itself", async () => {
    const graph = graphOf((op, g) => {
      const x = g.input("x", "float32", [2, 3]);
      const row = g.input("row", "float32", [3]);
      return {
        wide: op.Mul(row, g.constant([1, 1], "float32", [2, 1])),
        y: op.Sub(op.Expand(row, { to: [2, 3] }), x),
        alone: op.Exp(op.Expand(row, { to: [2, 3] })),
      };
    });
    expect(await afterPass(passes.simplify, graph)).toMatchInlineSnapshot(`
      "(x: float32[2,3], row: float32[3])
        const_0: float32[2,1] = 1 1
        Mul_1: float32[2,3] = Mul(row, const_0)
        Sub_2: float32[2,3] = Sub(row, x)
        Expand_3: float32[2,3] = Expand(row, to=[2,3])
        Exp_4: float32[2,3] = Exp(Expand_3)
      => wide=Mul_1, y=Sub_2, alone=Exp_4"
    `);
  });
});

describe("common subexpressions", () => {
  it("are computed once, equal constants being one; attributes and a stopped gradient keep ops apart", async () => {
    const graph = graphOf((op, g) => {
      const x = g.input("x", "float32", [2, 3]);
      const scaled = () => op.Mul(op.Exp(x), g.constant([2]));
      return {
        y: op.Add(scaled(), scaled()),
        sums: op.Add(op.ReduceSum(x, { axes: [0] }), op.ReduceSum(x, { axes: [0], keepdims: 1 })),
        stopped: op.Add(op.StopGradient(x), op.Identity(x)),
      };
    });
    expect(await afterPass(passes.dedupe, graph)).toMatchInlineSnapshot(`
      "(x: float32[2,3])
        const_1: float32[] = 2
        Exp_0: float32[2,3] = Exp(x)
        Mul_2: float32[2,3] = Mul(Exp_0, const_1)
        Add_3: float32[2,3] = Add(Mul_2, Mul_2)
        ReduceSum_4: float32[1,3] = ReduceSum(x, axes=[0])
        ReduceSum_5: float32[1,3] = ReduceSum(x, axes=[0], keepdims=1)
        Add_6: float32[1,3] = Add(ReduceSum_4, ReduceSum_5)
        StopGradient_7: float32[2,3] = StopGradient(x)
        Identity_8: float32[2,3] = Identity(x)
        Add_9: float32[2,3] = Add(StopGradient_7, Identity_8)
      => y=Add_3, sums=Add_6, stopped=Add_9"
    `);
  });
});

describe("dead code", () => {
  it("goes, with its constants, while updates of buffers, inputs and parameters stay", async () => {
    const graph = graphOf((op, g) => {
      const x = g.input("x", "float32", [2]);
      const mean = g.parameter("mean", [2], { kind: "zeros" }, true);
      op.Mul(op.Exp(x), g.constant([3]));
      g.parameter("unused", [2], { kind: "ones" });
      g.updates.set("mean", op.Add(mean, x));
      return { y: op.Neg(x) };
    });
    expect(await afterPass((g) => g, graph)).toMatchInlineSnapshot(`
      "(x: float32[2], mean: float32[2], unused: float32[2])
        Add_0: float32[2] = Add(mean, x)
        Neg_1: float32[2] = Neg(x)
      => y=Neg_1"
    `);
  });
});

describe("low-rank products", () => {
  const adapted = (rank: number) =>
    graphOf((op, g) => {
      const x = g.input("x", "float32", [2, 4, 8]);
      const w = op.StopGradient(g.parameter("w", [8, 6], { kind: "zeros" }));
      const a = g.parameter("a", [8, rank], { kind: "zeros" });
      const b = g.parameter("b", [rank, 6], { kind: "zeros" });
      return { y: op.MatMul(x, op.Add(w, op.Mul(op.MatMul(a, b), g.constant([0.5])))) };
    });
  it("go through the rank, so that no full matrix is added up or differentiated", async () => {
    expect(await afterPass(passes["low-rank"], adapted(2))).toMatchInlineSnapshot(`
      "(x: float32[2,4,8], w: float32[8,6], a: float32[8,2], b: float32[2,6])
        const_3: float32[] = 0.5
        StopGradient_0: float32[8,6] = StopGradient(w)
        MatMul_1: float32[2,4,2] = MatMul(x, a)
        MatMul_2: float32[2,4,6] = MatMul(x, StopGradient_0)
        Mul_4: float32[2,4,2] = Mul(MatMul_1, const_3)
        MatMul_5: float32[2,4,6] = MatMul(Mul_4, b)
        Add_6: float32[2,4,6] = Add(MatMul_2, MatMul_5)
      => y=Add_6"
    `);
  });
  it("go through the rank of a matrix that lies transposed, too", async () => {
    const turned = graphOf((op, g) => {
      const x = g.input("x", "float32", [2, 4, 8]);
      const w = op.StopGradient(g.parameter("w", [6, 8], { kind: "zeros" }));
      const a = g.parameter("a", [6, 2], { kind: "zeros" });
      const b = g.parameter("b", [2, 8], { kind: "zeros" });
      const whole = op.Add(w, op.Mul(op.MatMul(a, b), g.constant([0.5])));
      return { y: op.MatMul(x, op.Transpose(whole, { perm: [1, 0] })) };
    });
    expect(await afterPass(passes["low-rank"], turned)).toMatchInlineSnapshot(`
      "(x: float32[2,4,8], w: float32[6,8], a: float32[6,2], b: float32[2,8])
        const_5: float32[] = 0.5
        StopGradient_0: float32[6,8] = StopGradient(w)
        Transpose_1: float32[8,2] = Transpose(b, perm=[1,0])
        MatMul_2: float32[2,4,2] = MatMul(x, Transpose_1)
        Transpose_3: float32[8,6] = Transpose(StopGradient_0, perm=[1,0])
        MatMul_4: float32[2,4,6] = MatMul(x, Transpose_3)
        Mul_6: float32[2,4,2] = Mul(MatMul_2, const_5)
        Transpose_7: float32[2,6] = Transpose(a, perm=[1,0])
        MatMul_8: float32[2,4,6] = MatMul(Mul_6, Transpose_7)
        Add_9: float32[2,4,6] = Add(MatMul_4, MatMul_8)
      => y=Add_9"
    `);
  });
  it("stay as they are where the rank is not low", () =>
    expect(print(passes["low-rank"](adapted(4)))).toBe(print(adapted(4))));
});

describe("parts", () => {
  const halves = (second: number) =>
    graphOf((op, g) => {
      const x = g.input("x", "float32", [2, 3]);
      const y = g.input("y", "float32", [2, 2]);
      const z = g.input("z", "float32", [2, 1]);
      const at = (v: typeof x, start: number) => op.Pad(v, { pads: [0, start, 0, 6 - start - (v.shape[1] as number)] });
      return { whole: op.Add(op.Add(at(y, 3), at(x, 0)), at(z, second)) };
    });
  it("that fill a tensor are put together at once", async () => {
    expect(await afterPass(passes.join, halves(5))).toMatchInlineSnapshot(`
      "(x: float32[2,3], y: float32[2,2], z: float32[2,1])
        Concat_0: float32[2,6] = Concat(x, y, z, axis=1)
      => whole=Concat_0"
    `);
  });
  it("that overlap or leave something out are added up", async () => {
    expect(await afterPass(passes.join, halves(4))).toBe(print(halves(4)));
  });
});

describe("sums over rows", () => {
  it("are products with ones where there are many", async () => {
    const graph = graphOf((op, g) => {
      const x = g.input("x", "float32", [8, 9, 4]);
      return {
        bias: op.ReduceSum(x, { axes: [0, 1], keepdims: 0 }),
        kept: op.ReduceSum(x, { axes: [0, 1] }),
        rows: op.ReduceSum(x, { axes: [-1] }),
        few: op.ReduceSum(g.input("y", "float32", [3, 4]), { axes: [0] }),
      };
    });
    expect(await afterPass(passes.sums, graph)).toMatchInlineSnapshot(`
      "(x: float32[8,9,4], y: float32[3,4])
        Reshape_0: float32[72,4] = Reshape(x, to=[72,4])
        MatMul_2: float32[1,4] = MatMul(const_1, Reshape_0)
        Reshape_3: float32[4] = Reshape(MatMul_2, to=[4])
        Reshape_4: float32[72,4] = Reshape(x, to=[72,4])
        MatMul_5: float32[1,4] = MatMul(const_1, Reshape_4)
        Reshape_6: float32[1,1,4] = Reshape(MatMul_5, to=[1,1,4])
        ReduceSum_7: float32[8,9,1] = ReduceSum(x, axes=[-1])
        ReduceSum_8: float32[1,4] = ReduceSum(y, axes=[0])
      => bias=Reshape_3, kept=Reshape_6, rows=ReduceSum_7, few=ReduceSum_8"
    `);
  });
  it("that have a factor each are products with the factors", async () => {
    const graph = graphOf((op, g) => {
      const x = g.input("x", "float32", [9, 8, 4]);
      const factors = g.input("factors", "float32", [9, 8, 1]);
      return {
        sum: op.ReduceSum(op.Mul(factors, x), { axes: [0, 1], keepdims: 0 }),
        columns: op.ReduceSum(op.Mul(x, g.input("row", "float32", [4])), { axes: [0, 1], keepdims: 0 }),
      };
    });
    expect(await afterPass(passes.sums, graph)).toMatchInlineSnapshot(`
      "(x: float32[9,8,4], factors: float32[9,8,1], row: float32[4])
        Reshape_0: float32[1,72] = Reshape(factors, to=[1,72])
        Reshape_1: float32[72,4] = Reshape(x, to=[72,4])
        MatMul_2: float32[1,4] = MatMul(Reshape_0, Reshape_1)
        Reshape_3: float32[4] = Reshape(MatMul_2, to=[4])
        Mul_4: float32[9,8,4] = Mul(x, row)
        Reshape_5: float32[72,4] = Reshape(Mul_4, to=[72,4])
        MatMul_7: float32[1,4] = MatMul(const_6, Reshape_5)
        Reshape_8: float32[4] = Reshape(MatMul_7, to=[4])
      => sum=Reshape_3, columns=Reshape_8"
    `);
  });
  it("of squares are sums of products, and axes of one element do not matter", async () => {
    const graph = graphOf((op, g) => {
      const x = g.input("x", "float32", [70, 4, 1, 1]);
      return {
        squares: op.ReduceSumSquare(g.input("y", "float32", [2, 3, 4]), { axes: [0, 2], keepdims: 0 }),
        norm: op.ReduceSumSquare(x, { keepdims: 0 }),
        channels: op.ReduceMean(x, { axes: [0, 2, 3], keepdims: 0 }),
      };
    });
    expect(await afterPass(passes.sums, graph)).toMatchInlineSnapshot(`
      "(x: float32[70,4,1,1], y: float32[2,3,4])
        Mul_0: float32[2,3,4] = Mul(y, y)
        ReduceSum_1: float32[3] = ReduceSum(Mul_0, axes=[0,2], keepdims=0)
        ReduceSumSquare_2: float32[] = ReduceSumSquare(x, keepdims=0)
        Reshape_3: float32[70,4] = Reshape(x, to=[70,4])
        MatMul_5: float32[1,4] = MatMul(const_4, Reshape_3)
        Reshape_6: float32[4] = Reshape(MatMul_5, to=[4])
      => squares=ReduceSum_1, norm=ReduceSumSquare_2, channels=Reshape_6"
    `);
  });
});

/** Everything that reads `x` and is as large. */
const asLargeAs = (graph: Graph, x: Value): string[] =>
  graph.nodes.flatMap(({ op, outputs: [y] }) => (op !== "Reshape" && String(y?.shape) === String(x.shape) ? [op] : []));

/** A graph with the gradients of what it gives, y, in all inputs, made ready; the runtime gives the same for both. */
async function readyWithGradients(graph: Graph, tolerance = 1e-5): Promise<Graph> {
  const y = graph.outputs.get("y") as Value;
  const seed = graph.input("seed", "float32", y.shape);
  const targets = graph.inputs.filter((x) => x !== seed);
  for (const [name, d] of gradients(graph, [[y, seed]], targets)) graph.output(`d ${name}`, d);
  const result = optimize(graph);
  await expectSameNumbers(graph, result, { seed: "gradients", tolerance });
  return result;
}

describe("a GELU", () => {
  const gelu = () => graphOf((op, g) => ({ y: op.Gelu(g.input("x", "float32", [70, 4])) }));
  it("shares the distribution with its gradient, in ten passes for both", async () => {
    const graph = gelu();
    const ready = await readyWithGradients(graph);
    const made = asLargeAs(ready, graph.inputs[0] as Value);
    expect(made.filter((op) => op === "Erf")).toHaveLength(1);
    expect(made).toHaveLength(10);
  });
  it("is the runtime's own where it is not differentiated", () =>
    expect(optimize(gelu()).nodes.map(({ op }) => op)).toEqual(["Gelu"]));
});

it("The gradients of a layer norm are seven passes over x, and products with rows and columns", async () => {
  const graph = graphOf((op, g) => {
    const x = g.input("x", "float32", [70, 5]);
    const [scale, bias] = ["scale", "bias"].map((name) => g.input(name, "float32", [5])) as [Value, Value];
    return { y: op.LayerNormalization(x, scale, bias, { axis: -1, epsilon: 1e-5 }) };
  });
  const made = asLargeAs(await readyWithGradients(graph), graph.inputs[0] as Value);
  expect(made.filter((op) => op !== "LayerNormalization")).toHaveLength(7);
});

describe("convolutions of few places", () => {
  const few = (size: number, attrs: object = {}, kernel = 3) =>
    graphOf((op, g) => {
      const x = g.input("x", "float32", [40, 5, size, size]);
      const bias = g.parameter("b", [3], { kind: "zeros" });
      return { y: op.Conv(x, g.parameter("w", [3, 5, kernel, kernel], { kind: "zeros" }), bias, attrs) };
    });
  it.each([
    [few(2, { pads: [1, 1, 1, 1] })],
    [few(3, { pads: [1, 1, 1, 1], strides: [2, 2] })],
    [few(3)],
    [few(1, { pads: [2, 2, 2, 2], dilations: [2, 2] })],
    [few(1, {}, 1)],
  ])("are products of the whole batch", async (graph) =>
    expect(await afterPass(passes["dense-convolutions"], graph)).not.toContain("Conv("));
  it.each([
    ["more places than taps", few(4, { pads: [1, 1, 1, 1] })],
    ["a batch that is smaller than the matrix", few(3, { pads: [1, 1, 1, 1] })],
  ])("stay with %s", async (_, graph) =>
    expect(await afterPass(passes["dense-convolutions"], graph)).toContain("Conv("));
});

describe("transposes", () => {
  it("go into products, also those of a result", async () => {
    const graph = graphOf((op, g) => {
      const x = g.input("x", "float32", [4, 3]);
      const w = g.parameter("w", [5, 3], { kind: "zeros" });
      const stack = g.input("stack", "float32", [2, 4, 3]);
      const turn = { perm: [1, 0] };
      const turned = op.Transpose(w, turn);
      return {
        a: op.MatMul(x, turned),
        b: op.Transpose(op.MatMul(op.Transpose(x, turn), x), turn),
        c: op.Gemm(op.Transpose(x, turn), turned, g.constant([1, 2, 3, 4, 5]), { transA: 1 }),
        d: op.MatMul(stack, turned),
      };
    });
    expect(await afterPass(passes.transposes, graph)).toMatchInlineSnapshot(`
      "(x: float32[4,3], stack: float32[2,4,3], w: float32[5,3])
        const_2: float32[5] = 1 2 3 4 5
        Gemm_0: float32[4,5] = Gemm(x, w, transA=0, transB=1)
        Gemm_1: float32[3,3] = Gemm(x, x, transA=1, transB=0)
        Gemm_3: float32[4,5] = Gemm(x, w, const_2, transA=0, transB=1)
        Reshape_4: float32[8,3] = Reshape(stack, to=[8,3])
        Gemm_5: float32[8,5] = Gemm(Reshape_4, w, transB=1)
        Reshape_6: float32[2,4,5] = Reshape(Gemm_5, to=[2,4,5])
      => a=Gemm_0, b=Gemm_1, c=Gemm_3, d=Reshape_6"
    `);
  });
  it("stay where the product is read as it is too, or has an addend", async () => {
    const graph = graphOf((op, g) => {
      const x = g.input("x", "float32", [4, 3]);
      const y = op.Gemm(x, x, { transA: 1 });
      const z = op.Gemm(x, x, g.constant([1, 2, 3]), { transA: 1 });
      return { both: op.Add(y, op.Transpose(y, { perm: [1, 0] })), turned: op.Transpose(z, { perm: [1, 0] }) };
    });
    expect((await afterPass(passes.transposes, graph)).split("\n")).toHaveLength(print(graph).split("\n").length);
  });
});

it("All passes together leave a graph that none of them changes any more", () => {
  const graph = graphOf((op, g) => {
    const x = g.input("x", "float32", [4, 3]);
    const w = g.parameter("w", [5, 3], { kind: "zeros" });
    const y = op.MatMul(op.Mul(x, op.Sqrt(g.constant([1]))), op.Transpose(w, { perm: [1, 0] }));
    return { y: op.Add(y, op.MatMul(x, op.Transpose(w, { perm: [1, 0] }))) };
  });
  const once = optimize(graph);
  expect(print(optimize(once))).toBe(print(once));
  expect(once.nodes.map((n) => n.op)).toEqual(["Gemm", "Add"]);
});
