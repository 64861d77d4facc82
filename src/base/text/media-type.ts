/**
 * Media types (RFC 6838), as `image/png`: in lower case, without parameters, and nothing but what may be
 * in a header.
 */
import { limits } from '../limits.ts';

const nameForm = '[a-z0-9][a-z0-9!#$&^_.+-]*';
const form = new RegExp(`^${nameForm}/${nameForm}$`);

/** Whoever cannot say what a file is. */
export const unknownMediaType = 'application/octet-stream';

export function isMediaType(text: string): boolean {
  return text.length <= limits.fileTypeCharactersMax && form.test(text);
}
