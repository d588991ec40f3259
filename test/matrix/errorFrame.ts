import type { Answer } from './errorCases.ts'

/**
 * What a client printed, with placeholders for all that depends on the error: MESSAGE, NAME, STATUS, CODE.
 * @param image the name that was pulled
 */
export function frameOf(text: string, image: string, { status, code, message }: Answer): string {
  return withoutMessage(onOneLine(text), onOneLine(message))
    .replaceAll(new RegExp(`(?<=/)${image}(?![a-z])`, 'g'), 'NAME')
    .replaceAll(new RegExp(`\\b${status}\\b`, 'g'), 'STATUS')
    .replaceAll(new RegExp(`\\b${code.replace('_', '[_ ]')}: `, 'gi'), 'CODE: ')
    .replaceAll(/[:;] map\[.*\]/g, '')
}

/** As the status line has it: without line breaks, and with spaces for what is not ASCII. */
function onOneLine(text: string): string {
  return text.replaceAll(/[^ -~]+/g, ' ').trim()
}

/** The message may have been cut: then `...` follows its beginning. */
function withoutMessage(text: string, message: string): string {
  if (message !== '' && text.includes(message)) return text.replaceAll(message, 'MESSAGE')
  const start = text.indexOf(message.slice(0, 40))
  return start === -1 || message === ''
    ? text
    : text.slice(0, start) + text.slice(start).replace(/^.*?\.\.\./, 'MESSAGE')
}
