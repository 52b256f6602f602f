/** Nodes rest on a grid of so many pixels, at 100 %. */
export const gridStep = 8;
