/**
 * What a file that somebody has sent may be called here. Its name is a text of theirs: it could be a
 * path, hide the file, look like another one, or be read as an option by the next program.
 */

/** Bytes: leaves room for what is put behind it within the 255 of a file system. */
const nameBytesMax = 200;
/** Longer ones are no endings. */
const endingCharactersMax = 16;
const utf8 = new TextEncoder();

/** What cannot be seen, and what some file system, shell or path gives a meaning. */
const unsafe =
  /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u2800/\\:*?"<>|]/gu;
/** Devices of Windows, whatever ending they have, also behind spaces. */
const device = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³]) *(?:\.|$)/i;

/** A name of a file, and never a path: the same again of what it has made. */
export function safeFileName(name: string): string {
  const safe = name
    .toWellFormed()
    .replace(unsafe, '_')
    // Many would push the ending out of sight.
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^[.\-~]+/, '_')
    .replace(/[. ]+$/, '');
  const named = safe === '' || device.test(safe) ? `_${safe}` : safe;
  return shortened(named);
}

function shortened(name: string): string {
  if (bytesOf(name) <= nameBytesMax) return name;
  const dot = name.lastIndexOf('.');
  const hasEnding = dot > 0 && name.length - dot <= endingCharactersMax;
  const ending = hasEnding ? name.slice(dot) : '';
  const stem = [...(hasEnding ? name.slice(0, dot) : name).slice(0, nameBytesMax)];
  while (bytesOf(stem.join('')) + bytesOf(ending) > nameBytesMax) stem.pop();
  return (
    stem
      .join('')
      .toWellFormed()
      .replace(/[. ]+$/, '') + ending
  );
}

function bytesOf(text: string): number {
  return utf8.encode(text).length;
}
