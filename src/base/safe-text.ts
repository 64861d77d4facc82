/**
 * Text of others, on its way to a terminal, a file or a log. Control characters could move the
 * cursor, recolour, retitle, write to the clipboard or rewrite what is above; characters that change
 * the direction of writing could make one text look like another; marks by the hundred write over
 * the lines above and below. For people they are shown as visible stand-ins, and in JSON they are
 * escaped, so that nothing is lost to programs.
 */

/**
 * Control, format and separator characters and halves of surrogate pairs; but not the line feed
 * (see safeLine), the joiners that emoji and several scripts are written with, and the tags within
 * flags.
 */
const unsafe = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\n\u{200c}\u{200d}\u{e0020}-\u{e007f}]]/gv;

/** More marks on one character than any script needs (names.ts has the same bound). */
const piledMarks = /(\p{M}{8})\p{M}+/gu;

/** Safe to be printed; may still have several lines. */
export function safeText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll('\t', '    ')
    .replace(unsafe, standIn)
    .replace(piledMarks, '$1\u{fffd}');
}

/** Safe to be printed within a line. */
export function safeLine(text: string): string {
  return safeText(text).replaceAll('\n', '␊');
}

/** The value as JSON in one line that is safe to be printed, and read back is the very same. */
export function safeJson(value: unknown): string {
  return escapeJson(JSON.stringify(value));
}

/** JSON, as somebody has written it, so that it is safe to be printed. Line feeds stay. */
export function escapeJson(json: string): string {
  return json.replace(unsafe, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      const unit = character.charCodeAt(index);
      return `\\u${unit.toString(16).padStart(4, '0')}`;
    }).join(''),
  );
}

function standIn(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '␡' : '\u{fffd}';
}
