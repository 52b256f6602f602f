import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { sameForm } from "../core/wording";

export const labelIds = defineNode({
  type: "text.label-ids",
  title: "Label ids",
  description: "Numbers the classes of a classifier: each text becomes the id of its class.",
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
  params: {},
  async run({ inputs: { text, classes = [...new Set(text.map(sameForm))].sort() } }) {
    const numbers = new Map(classes.map((name, id) => [sameForm(name), BigInt(id)]));
    if (numbers.size < classes.length)
      throw Object.assign(new Error("A class occurs twice among the classes, so it would have two ids."), {
        hint: "Wire each class once, such as the classes of another Label ids.",
      });
    const ids = BigInt64Array.from(text, (name, row) => {
      const id = numbers.get(sameForm(name));
      if (id === undefined)
        throw Object.assign(new Error(`“${name}” of row ${row + 1} is not among the ${classes.length} classes.`), {
          hint: "Wire classes that hold every text.",
        });
      return id;
    });
    return { ids: { dtype: "int64", shape: [text.length], data: ids }, classes };
  },
});
