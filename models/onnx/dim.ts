import type { Dim } from "./graph";

/**
 * Arithmetic on sizes of which some are symbols. A size that follows from symbols is a polynomial in them with integer
 * coefficients, written in one way only: "2·B·N+B+-1". Equal sizes are thus equal strings; "*", a size nobody knows,
 * makes everything unknown.
 */
type Polynomial = Map<string, number>;

export const addDims = (a: Dim, b: Dim): Dim => combined(a, b, (p, q) => terms([...p, ...q]));
export const subtractDims = (a: Dim, b: Dim): Dim => addDims(a, multiplyDims(b, -1));
export const multiplyDims = (a: Dim, b: Dim): Dim =>
  combined(a, b, (p, q) => terms([...p].flatMap(([m, i]) => [...q].map(([n, j]) => [symbols(m, n), i * j] as const))));

/** a / b where that is a size for every value of the symbols, else undefined. */
export function divideDims(a: Dim, b: Dim): Dim | undefined {
  if (a === b && a !== "*" && a !== 0) return 1;
  if (a === "*" || b === "*") return "*";
  const [divisor, ...more] = termsOf(b);
  if (!divisor || more.length || divisor.coefficient === 0) return undefined;
  const result: [string, number][] = [];
  for (const { factors, coefficient } of termsOf(a)) {
    const left = [...factors];
    for (const symbol of divisor.factors) {
      if (!left.includes(symbol)) return undefined;
      left.splice(left.indexOf(symbol), 1);
    }
    if (coefficient % divisor.coefficient) return undefined;
    result.push([left.join("·"), coefficient / divisor.coefficient]);
  }
  return format(terms(result));
}

/** The size when some symbols have got numbers or other names. */
export const bindDim = (d: Dim, sizes: Readonly<Record<string, Dim>>): Dim =>
  termsOf(d)
    .map(({ factors, coefficient }) =>
      factors.reduce<Dim>((product, symbol) => multiplyDims(product, sizes[symbol] ?? symbol), coefficient),
    )
    .reduce(addDims, 0);

/** The sum that a size is, for whoever writes it out in ops. */
export const termsOf = (d: Dim): { coefficient: number; factors: string[] }[] =>
  [...parse(d)].map(([m, coefficient]) => ({ coefficient, factors: m.split("·").filter(Boolean) }));

const combined = (a: Dim, b: Dim, how: (p: Polynomial, q: Polynomial) => Polynomial): Dim =>
  a === "*" || b === "*" ? "*" : format(how(parse(a), parse(b)));
const symbols = (m: string, n: string): string => [...m.split("·"), ...n.split("·")].filter(Boolean).sort().join("·");

function terms(list: readonly (readonly [string, number])[]): Polynomial {
  const sum: Polynomial = new Map();
  for (const [m, n] of list) sum.set(m, (sum.get(m) ?? 0) + n);
  return sum;
}

function parse(d: Dim): Polynomial {
  if (typeof d === "number") return new Map([["", d]]);
  return terms(
    d.split("+").map((term) => {
      const factors = term.split("·");
      const isNumber = (f: string) => /^-?\d+$/.test(f);
      return [
        factors
          .filter((f) => !isNumber(f))
          .sort()
          .join("·"),
        factors.filter(isNumber).reduce((a, b) => a * Number(b), 1),
      ] as const;
    }),
  );
}

/** Longer sizes are nobody's: they are as good as unknown. */
const limits = { terms: 32, degree: 16 };

function format(p: Polynomial): Dim {
  if (p.size > limits.terms || [...p.keys()].some((m) => m.split("·").length > limits.degree)) return "*";
  const symbolic = [...p]
    .filter(([m, n]) => m !== "" && n !== 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([m, n]) => (n === 1 ? m : `${n}·${m}`));
  const constant = p.get("") ?? 0;
  if (!symbolic.length) return constant;
  return [...symbolic, ...(constant === 0 ? [] : [constant])].join("+");
}
