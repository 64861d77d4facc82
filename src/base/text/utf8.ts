/**
 * Bytes of others to text, by one rule everywhere: UTF-8 and nothing else, and every character kept,
 * a byte order mark as well. What is `lobby` to one part of cim is then `lobby` to every other.
 */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const byteOrderMark = '\u{feff}';

/** Undefined: the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    // The decoder has just one thing to complain about.
    return undefined;
  }
}

/** Without the mark that some programs put before a document; it is no part of what the document says. */
export function withoutMark(document: string): string {
  return document.startsWith(byteOrderMark) ? document.slice(1) : document;
}
