/** What a dragged node type travels as. */
export const dragType = "application/patchbay-node";
