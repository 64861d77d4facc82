/** The header Range, as far as it asks for one range of bytes (RFC 9110, section 14). */

export interface ByteRange {
  readonly from: number;
  /** Not in it any more. */
  readonly to: number;
}

/** `whole`: none is asked for, or one that may be ignored. `beyond`: nothing of it is there. */
export function parseRange(
  header: string | undefined,
  bytes: number,
): ByteRange | 'whole' | 'beyond' {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || first + last === '') return 'whole';
  if (first === '') {
    const from = Math.max(0, bytes - Number(last));
    return from < bytes ? { from, to: bytes } : 'beyond';
  }
  const from = Number(first);
  const to = last === '' ? bytes : Math.min(bytes, Number(last) + 1);
  // Its ends are the wrong way round: it is no range.
  if (last !== '' && Number(last) < from) return 'whole';
  return from < bytes ? { from, to } : 'beyond';
}
