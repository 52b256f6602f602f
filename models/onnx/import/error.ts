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
