/** How names of pictures end, without the dot. */
export const imageEndings: ReadonlySet<string> = new Set([
  ...["png", "apng", "jpg", "jpeg", "jpe", "jfif", "jif", "webp", "gif"],
  ...["avif", "tif", "tiff", "bmp", "svg"],
]);
