/**
 * Bytes of a request body to a JSON value: UTF-8 and nothing else, so that no text arrives as
 * something its sender did not write.
 */
import { CimError } from '../base/errors.ts';

/** Throws `wrong-media-type` or `invalid-argument`. */
export function parseJsonBody(bytes: Uint8Array, contentType: string): unknown {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  if (!/^utf-?8$/i.test(charset)) {
    throw new CimError('wrong-media-type', 'the charset in Content-Type must be utf-8');
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new CimError('invalid-argument', 'the body must be JSON in UTF-8', { cause });
  }
}
