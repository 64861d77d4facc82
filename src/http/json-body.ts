/**
 * Bytes of a request body to a JSON value: UTF-8 and nothing else, so that no text arrives as
 * something its sender did not write. A megabyte of `[` would be half a second of work, and fifty
 * megabytes: how many values there are, and how deep they lie, is looked at before any is made.
 */
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { decodeUtf8, withoutMark } from '../base/text/utf8.ts';

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
/** `[` and `{`, and what ends them. */
const [list, object, listEnd, objectEnd] = [0x5b, 0x7b, 0x5d, 0x7d];

/** Throws `wrong-media-type`, `too-large` or `invalid-argument`. */
export function parseJsonBody(bytes: Uint8Array, contentType: string): unknown {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  if (!/^utf-?8$/i.test(charset)) {
    throw new CimError('wrong-media-type', 'the charset in Content-Type must be utf-8');
  }
  assertBounds(bytes);
  // What is no text is no JSON either.
  const text = decodeUtf8(bytes) ?? '';
  try {
    return JSON.parse(withoutMark(text));
  } catch (cause) {
    throw new CimError('invalid-argument', 'the body must be JSON in UTF-8', { cause });
  }
}

/** What looks like JSON up to somewhere is counted as JSON up to there, and perhaps beyond. */
function assertBounds(bytes: Uint8Array): void {
  let depth = 0;
  let values = 1;
  let isInText = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (isInText) {
      if (byte === backslash) index += 1;
      else if (byte === quote) isInText = false;
    } else if (byte === quote) isInText = true;
    else if (byte === comma) values += 1;
    else if (byte === list || byte === object) {
      values += 1;
      depth += 1;
    } else if (byte === listEnd || byte === objectEnd) depth -= 1;
    if (depth > limits.jsonDepthMax || values > limits.jsonValuesMax)
      throw new CimError(
        'too-large',
        `the body may have ${limits.jsonValuesMax} values at most, and ${limits.jsonDepthMax} levels of them`,
      );
  }
}
