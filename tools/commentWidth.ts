/** Columns of a comment's line, its indentation included: the print width of the code. */
const width = 110

/** A line that is nothing but a comment. */
const comment = /^\s*(\/\/|\/?\*)/
/** Lines that cannot be cut: an address, a directive of a tool. */
const uncuttable = /https?:\/\/\S{60,}|oxlint-|@type \{/

/** Each line of a comment that is wider than it may be, as a sentence. */
export function wideComments(file: string, text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      comment.test(line) && line.length > width && !uncuttable.test(line)
        ? [`${file}:${index + 1} is a comment of ${line.length} columns: at most ${width}`]
        : [],
    )
}
