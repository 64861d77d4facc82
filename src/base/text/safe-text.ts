/**
 * Text of others, on its way to a terminal, a file or a log. Control characters could move the
 * cursor, recolour, retitle, write to the clipboard or rewrite what is above; characters that change
 * the direction of writing could make one text look like another; marks by the hundred write over
 * the lines above and below. For people they are shown as visible stand-ins, and in JSON they are
 * escaped, so that nothing is lost to programs.
 */
import { limits } from '../limits.ts';

/**
 * Control, format and separator characters and halves of surrogate pairs; but not the line feed
 * (see safeLine), the joiners that emoji and several scripts are written with, and the tags within
 * flags.
 */
const unsafe = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\n\u{200c}\u{200d}\u{e0020}-\u{e007f}]]/gv;

/**
 * Format characters that belong to texts and cannot make a line look like another: places to break a
 * word and not to, marks of direction, operators and joiners that are not seen, the signs that Arabic,
 * Syriac and Kaithi put around numbers, and what shorthand, music and hieroglyphs are laid out with.
 */
const harmless =
  /[\u{ad}\u{600}-\u{605}\u{61c}\u{6dd}\u{70f}\u{890}\u{891}\u{8e2}\u{180e}\u{200b}\u{200e}\u{200f}\u{2060}-\u{2064}\u{2066}-\u{2069}\u{feff}\u{110bd}\u{110cd}\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}]/u;

/** Turn the writing round from one to the other; PDI ends what each of the three others began. */
const isolates = /[\u{2066}-\u{2069}]/gu;
const popIsolate = '\u{2069}';

/** More marks on one character than any script needs (names.ts has the same bound). */
const piledMarks = /(\p{M}{8})\p{M}+/gu;

/** Safe to be printed; may still have several lines. */
export function safeText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll('\t', '    ')
    .replace(unsafe, (character) => (harmless.test(character) ? character : standIn(character)))
    .split('\n')
    .map(closeIsolates)
    .join('\n')
    .replace(piledMarks, '$1\u{fffd}');
}

/** Safe to be printed within a line. */
export function safeLine(text: string): string {
  return safeText(text).replaceAll('\n', '␊');
}

/**
 * What a name may show beside what is written about it: letters, digits, spaces, pictures, and the
 * punctuation of names. What lines are built of (brackets, colons, arrows, #) is not among it, nor
 * what looks like it.
 */
const notOfNames =
  /[^\u{200c}-\u{200d}\p{L}\p{M}\p{Nd}\p{Nl}\p{Emoji_Presentation}\u{e0020}-\u{e007f} _.,'’&+@*/!?$%-]|[\u{115f}\u{1160}\u{17b4}\u{17b5}\u{3164}\u{ffa0}\u{23e9}-\u{23ec}\u{1f500}-\u{1f504}\u{1f519}-\u{1f51d}\u{2d0}\u{2d1}\u{a4f8}-\u{a4fd}\u{1433}\u{1438}\u{5338}\u{531a}]/gu;

/**
 * A name of a person or a group, safe to be printed within a line that says more: it cannot look
 * like a part of that line. Whoever tells it may be anybody, so it is no longer than a name may be.
 */
export function safeName(name: string): string {
  // Of what is far too long not even all is looked at.
  const characters = [...name.slice(0, 4 * limits.nameCharactersMax)];
  const isLong = characters.length > limits.nameCharactersMax;
  const shown = isLong ? [...characters.slice(0, limits.nameCharactersMax), '…'] : characters;
  return safeLine(shown.join('')).replace(notOfNames, (each) => (each === '…' ? each : '\u{fffd}'));
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

/** What is turned round in a line ends with it, and not in what is written behind it. */
function closeIsolates(line: string): string {
  let open = 0;
  const balanced = line.replace(isolates, (isolate) => {
    if (isolate !== popIsolate) open += 1;
    else if (open === 0) return '';
    else open -= 1;
    return isolate;
  });
  return balanced + popIsolate.repeat(open);
}

function standIn(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '␡' : '\u{fffd}';
}
