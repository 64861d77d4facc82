/** Who is typing, as one line says it. */
import type { ClientEvents } from '../../sdk/index.ts';
import { personText, type Reader } from './heads.ts';

/** Of more only the number is shown. */
const namedMax = 3;

export class Typists {
  readonly #reader: Pick<Reader, 'nameOf'>;
  /** How each is called, by person and conversation. */
  readonly #shown = new Map<string, string>();

  constructor(reader: Pick<Reader, 'nameOf'>) {
    this.#reader = reader;
  }

  /** `(2) amy is typing…`, `(2) amy, (3) eve in #cooks are typing…`; empty: nobody is. */
  after({ from, group, ended }: ClientEvents['typing']): string {
    const key = `${from} ${group ?? ''}`;
    const who = personText(from, this.#reader.nameOf(from));
    if (ended) this.#shown.delete(key);
    else this.#shown.set(key, group === undefined ? who : `${who} in #${group}`);
    const all = [...this.#shown.values()];
    if (all.length === 0) return '';
    const more = all.length > namedMax ? [`${all.length - namedMax} more`] : [];
    const named = [...all.slice(0, namedMax), ...more].join(', ');
    return `${named} ${all.length === 1 ? 'is' : 'are'} typing…`;
  }
}
