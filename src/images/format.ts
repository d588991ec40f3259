/** Raised whenever the same packages would become other bytes, or records another shape: all is then made anew. */
export const format = 2
