/** Who is typing, as one line says it. */
import type { ClientEvents } from '../../sdk/index.ts';
import { personText, type Reader } from './heads.ts';

/** Of more only the number is shown. */
const namedMax = 3;

export class Typists {
  readonly #reader: Pick<Reader, 'nameOf'>;
  /** By person and conversation. */
  readonly #typists = new Map<string, Pick<ClientEvents['typing'], 'from' | 'group'>>();

  constructor(reader: Pick<Reader, 'nameOf'>) {
    this.#reader = reader;
  }

  heard(typing: ClientEvents['typing']): void {
    const key = `${typing.from} ${typing.group ?? ''}`;
    if (typing.ended) this.#typists.delete(key);
    else this.#typists.set(key, typing);
  }

  /** `(2) amy is typing…`, `(2) amy, (3) eve in #cooks are typing…`; empty: nobody is. */
  get text(): string {
    const all = [...this.#typists.values()];
    if (all.length === 0) return '';
    const named = all.slice(0, namedMax).map(({ from, group }) => {
      const who = personText(from, this.#reader.nameOf(from));
      return group === undefined ? who : `${who} in #${group}`;
    });
    const more = all.length > namedMax ? [`${all.length - namedMax} more`] : [];
    return `${[...named, ...more].join(', ')} ${all.length === 1 ? 'is' : 'are'} typing…`;
  }
}
