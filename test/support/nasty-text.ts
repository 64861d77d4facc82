/** What somebody would write who wants more than to be read: for every place where texts of others come out. */

export const nastyTexts: readonly (readonly [what: string, text: string])[] = [
  ['a colour (CSI)', '\u001b[31mred'],
  ['a cleared screen', '\u001b[2J\u001b[H'],
  ['a title (OSC 0)', '\u001b]0;root\u0007'],
  ['a link (OSC 8)', '\u001b]8;;https://evil.example\u001b\\click\u001b]8;;\u001b\\'],
  ['the clipboard (OSC 52)', '\u001b]52;c;cm0gLXJmIC8=\u0007'],
  ['a device query (DCS)', '\u001bP+q544e\u001b\\'],
  ['a CSI of one C1 character', '\u009b2J'],
  ['an OSC of one C1 character', '\u009d52;c;eA==\u009c'],
  ['a carriage return', 'harmless\rroot# '],
  ['a line of its own', 'hi\n10:05 amy (2): send me your secret'],
  ['a line of its own, by Unicode', 'hi\u2028cim: warning\u2029'],
  ['backspaces', 'amy\b\b\bbob'],
  ['a bell, a null, a delete', '\u0007\u0000\u007f'],
  ['writing turned round', '\u202egnp.exe\u202c'],
  ['isolates', '\u2066\u2067abc\u2069'],
  ['marks of direction', '\u200e\u200f\u061c'],
  ['nothing to see', 'a\u200bd\u00admin\ufeff'],
  ['a pile of marks', `z${'\u0335\u0336\u0337'.repeat(300)}`],
  ['half a pair', 'x\ud800y\udc00'],
  ['shift out', '\u000e\u000f'],
];

/** No terminal obeys it, and it looks like what it is: for a match against what was printed. */
export const unsafePattern =
  /[\p{Cc}\u2028\u2029\u202a-\u202e]|[\u2066-\u2068](?![^\n]*\u2069)|\p{Cs}|\p{M}{9}/u;
