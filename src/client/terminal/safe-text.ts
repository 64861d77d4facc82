/**
 * Text of others on a terminal. Control characters could move the cursor, recolour, retitle, or
 * rewrite what is above; characters that change the direction of writing could make one text look
 * like another. They are shown as visible stand-ins.
 */

/**
 * Control, format and separator characters and halves of surrogate pairs; but not the line feed
 * (see safeLine), the joiners that emoji and several scripts are written with, and the tags within
 * flags.
 */
const unsafe = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\n\u{200c}\u{200d}\u{e0020}-\u{e007f}]]/gv;

/** Safe to be printed; may still have several lines. */
export function safeText(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll('\t', '    ').replace(unsafe, standIn);
}

/** Safe to be printed within a line. */
export function safeLine(text: string): string {
  return safeText(text).replaceAll('\n', '␊');
}

function standIn(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '␡' : '\u{fffd}';
}
