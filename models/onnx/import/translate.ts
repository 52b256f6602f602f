import { opDefinition, type OpName, opTable } from "../ops/index";
import { isFoldable } from "./fold";
import { type Call, refuse, type Translation } from "./translations/call";
import { translations } from "./translations/index";

/** Whether an op of the file can be imported: by a translation, since ours is the same, or at least on sizes. */
export const isImportable = (op: string): boolean => isTranslated(op) || isOurs(op) || isFoldable(op);

/** The ops that files may hold. */
export const importableOps = (): string[] => [
  ...new Set([...Object.keys(translations), ...Object.keys(opTable).filter(isOurs)]),
];

export const translationOf = (op: string): Translation => {
  const translation = isTranslated(op) ? (translations[op] as Translation) : asOurs;
  return floatsOnly.has(op) ? onFloats(translation) : translation;
};

/** Ops that ONNX Runtime has on smaller integers, but not on int64, in which integers are computed here. */
const floatsOnly: ReadonlySet<string> = new Set(["DepthToSpace", "MaxPool", "Resize", "SpaceToDepth", "Upsample"]);

function onFloats(translation: Translation): Translation {
  return (call) => {
    if (call.input(0).dtype === "int64") refuse("it works on integers, and becomes an op on floats only");
    return translation(call);
  };
}

const isTranslated = (op: string): boolean => Object.hasOwn(translations, op);
const isOurs = (op: string): op is OpName => Object.hasOwn(opTable, op) && opDefinition(op).onnx === undefined;

/**
 * Names and attributes are ONNX's; what ONNX takes as integer tensors are attributes of ours: a list, or one number.
 */
function asOurs(call: Call) {
  const { op } = call.node;
  if (!isOurs(op)) return refuse("it works on data, and is known on sizes only");
  const { asInputs = [], asInputsAt: first = 1 } = opDefinition(op);
  const { auto_pad, ...attrs } = call.attrs;
  for (const [i, name] of asInputs.entries()) {
    if (!call.operands[first + i]) continue;
    const list = call.integers(first + i);
    attrs[name] = call.input(first + i).shape.length ? list : list[0];
  }
  const isAttribute = (index: number) => index >= first && index < first + asInputs.length;
  const operands = call.operands.flatMap((_, index) => (isAttribute(index) ? [] : [call.input(index)]));
  return call.emitAll(op, operands, attrs);
}
