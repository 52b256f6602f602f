/** What is wrong with a stranger's ONNX file, as a sentence. */
export class OnnxError extends Error {
  constructor(
    message: string,
    readonly hint = "The file is damaged or no ONNX model. Export or download it again.",
  ) {
    super(message);
    this.name = "OnnxError";
  }
}

/** Why a file that may well be sound cannot become ops of a graph. It can still run as it is. */
export class Untranslatable extends OnnxError {
  constructor(
    /** A clause, such as "“If” (node “branch_3”) is control flow". */
    readonly reason: string,
    { message = `The model cannot be imported: ${reason}.`, hint = runAsFile } = {},
  ) {
    super(message, hint);
  }
}
const runAsFile = "It can run as the file is, without training: choose so under “Runs as”, or upload it again.";

/** Reads a part of the file; where it is damaged, that is what is wrong with the file. */
export function decoded<T>(read: () => T, what: string): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof OnnxError) throw error;
    throw new OnnxError(
      `This cannot be read as an ONNX model: ${what} in it is damaged (${(error as Error).message}).`,
    );
  }
}
