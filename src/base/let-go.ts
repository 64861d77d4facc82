/** Memory that is given back before the garbage collector looks for it. */

/**
 * What a socket or a file has been read into is memory outside of the heap. It would be freed when all of
 * the heap was looked through, and that would be done for every few megabytes of it: half of what an
 * upload costs. `bytes` is empty from then on. Of a part of a larger piece somebody may have the rest:
 * nothing is done then.
 */
export function letGo({ buffer, byteLength }: Buffer): void {
  if (buffer.byteLength === byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
