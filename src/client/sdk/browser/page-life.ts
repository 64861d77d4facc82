/** Tells when a page is put aside (perhaps for good: back-forward cache, frozen), and looked at again. */

/** Returns how to stop. */
export function watchPageLife(suspend: () => void, resume: () => void): () => void {
  addEventListener('pagehide', suspend);
  document.addEventListener('freeze', suspend);
  addEventListener('pageshow', resume);
  document.addEventListener('resume', resume);
  return () => {
    removeEventListener('pagehide', suspend);
    document.removeEventListener('freeze', suspend);
    removeEventListener('pageshow', resume);
    document.removeEventListener('resume', resume);
  };
}
