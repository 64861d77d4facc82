/** Media types (RFC 6838), as `image/png`: without parameters, and nothing but what may be in a header. */

const nameForm = '[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*';
const form = new RegExp(`^${nameForm}/${nameForm}$`);

const mediaTypeCharactersMax = 127;

/** Whoever cannot say what a file is. */
export const unknownMediaType = 'application/octet-stream';

export function isMediaType(text: string): boolean {
  return text.length <= mediaTypeCharactersMax && form.test(text);
}
