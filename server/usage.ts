/** A command line that is not what the command takes. The sentence says what it takes. */
export class Usage extends Error {}
