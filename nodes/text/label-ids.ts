import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { sameForm } from "../core/wording";

export const labelIds = defineNode({
  type: "text.label-ids",
  title: "Label ids",
  description: "Numbers the classes of a classifier: each text becomes the id of its class.",
  synonyms: ["LabelEncoder", "class index", "targets"],
  docs: `Classes are numbered in the order in which they are wired, or else alphabetically, so that equal sets of
texts give equal numbers. Wire the \`classes\` of the training data when numbering test data. \`ids\` int64 [N].`,
  version: 1,
  inputs: {
    text: port.text({ shape: ["N"], doc: "The class of each row." }),
    classes: port.text({ shape: ["*"], optional: true, doc: "All classes, in the order of the classifier's outputs." }),
  },
  outputs: {
    ids: port.tensor({ dtype: "int64", shape: ["N"] }),
    classes: port.text({ shape: ["*"], doc: "The class of each id." }),
  },
  bypass: { classes: "classes" },
  params: {},
  reduce: {
    rows: ["text"],
    start({ inputs: { classes } }) {
      // Numbers in the order of appearance, until all names are known.
      const numbers = new Map((classes ?? []).map((name, id) => [sameForm(name), id]));
      if (classes) refuseTwice(numbers.size, classes.length);
      const chunks: Int32Array[] = [];
      return {
        add({ text }, first) {
          const number = (name: string, row: number): number => {
            const known = numbers.get(name);
            if (known !== undefined) return known;
            if (classes) return refuseUnknown(name, first + row, classes.length);
            numbers.set(name, numbers.size);
            return numbers.size - 1;
          };
          chunks.push(Int32Array.from(text, (name, row) => number(sameForm(name), row)));
        },
        finish() {
          const names = classes ?? [...numbers.keys()].sort();
          const idOf = new Map(names.map((name, id) => [numbers.get(sameForm(name)), BigInt(id)]));
          const ids = new BigInt64Array(chunks.reduce((sum, { length }) => sum + length, 0));
          let row = 0;
          for (const chunk of chunks) {
            for (const number of chunk) ids[row++] = idOf.get(number) as bigint;
          }
          return { ids: { dtype: "int64", shape: [ids.length], data: ids }, classes: names };
        },
      };
    },
  },
});

function refuseTwice(different: number, all: number): void {
  if (different === all) return;
  throw Object.assign(new Error("A class occurs twice among the classes, so it would have two ids."), {
    hint: "Wire each class once, such as the classes of another Label ids.",
  });
}

function refuseUnknown(name: string, row: number, classes: number): never {
  throw Object.assign(new Error(`“${name}” of row ${row + 1} is not among the ${classes} classes.`), {
    hint: "Wire classes that hold every text.",
  });
}
