/** What is wrong with a stranger's ONNX file, as a sentence. */
export class OnnxError extends Error {
  constructor(message: string, readonly hint = "The file is damaged or no ONNX model. Export or download it again.") {
    super(message);
    this.name = "OnnxError";
  }
}
