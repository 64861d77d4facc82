/**
 * The text of a message: characters, and links where it has web addresses. It is never read as HTML, and
 * a link shows the address that it leads to.
 */
import { piecesOf } from '../model/links.ts';

export function RichText({ text }: { readonly text: string }) {
  return (
    <>
      {piecesOf(text).map((piece, index) =>
        piece.kind === 'text' ? (
          piece.text
        ) : (
          <a
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have no other name
            key={index}
            href={piece.href}
            target="_blank"
            rel="noopener noreferrer"
            title={piece.href}
          >
            {piece.text}
          </a>
        ),
      )}
    </>
  );
}
