/** Web addresses in a text. */

/** What may be an address: up to white space, what cannot be seen, quotes and Chinese marks. */
const candidate = /https?:\/\/[^\s\p{Cc}\p{Cf}\u3000-\u303f\uff01-\uff0f\uff1a-\uff1f<>"'`]+/giu;
const trailing = /[.,;:!?)\]}]+$/u;

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };

export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const { index, 0: found } of text.matchAll(candidate)) {
    const link = withoutTrailing(found);
    const href = webAddress(link);
    if (href === undefined) continue;
    if (index > end) pieces.push({ kind: 'text', text: text.slice(end, index) });
    pieces.push({ kind: 'link', text: link, href });
    end = index + link.length;
  }
  if (end < text.length) pieces.push({ kind: 'text', text: text.slice(end) });
  return pieces;
}

/** The end of a sentence is none of the address; a bracket is, if it was opened within. */
function withoutTrailing(found: string): string {
  const link = found.replace(trailing, '');
  const isClosing = found[link.length] === ')' && link.includes('(');
  return isClosing ? `${link})` : link;
}

/** Undefined: a browser would lead somewhere else than the text says, or nowhere. */
function webAddress(text: string): string | undefined {
  const url = URL.parse(text);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  return isWeb && url.username === '' && url.password === '' ? url.href : undefined;
}
