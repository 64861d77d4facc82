/**
 * Looks for a keyword in texts, in whatever form both are written (normal-form.ts). Each character of
 * a text is looked at twice at most, whatever both hold (Knuth, Morris and Pratt): what the engine
 * does by itself can take the product of both lengths, for texts that are made for it.
 */
import { CimError } from '../errors.ts';
import { limits } from '../limits.ts';
import { inSearchPieces, searchForm } from './normal-form.ts';

/** From one UTF-16 unit of a text up to another. */
export interface Match {
  readonly from: number;
  readonly to: number;
}

export class Keyword {
  readonly #sought: string;
  /** For each place: how much of the beginning also ends there. */
  readonly #borders: Uint16Array;

  /** Throws `too-long`, or `invalid-argument` for an empty one. */
  constructor(keyword: string) {
    // Characters are counted only of what may be short enough.
    const isLong = keyword.length > 2 * limits.keywordCharactersMax;
    if (isLong || [...keyword].length > limits.keywordCharactersMax)
      throw new CimError('too-long', `keyword: may have ${limits.keywordCharactersMax} characters`);
    this.#sought = searchForm(keyword);
    if (this.#sought === '') throw new CimError('invalid-argument', 'keyword: must not be empty');
    this.#borders = bordersOf(this.#sought);
  }

  isIn(text: string): boolean {
    return !this.#endsIn(searchForm(text)).next().done;
  }

  /** Where it is in the text as it is written: whole characters, in order, apart from each other. */
  matchesIn(text: string): Match[] {
    const pieces = inSearchPieces(text);
    const forms = pieces.map(searchForm);
    const matches: Match[] = [];
    let index = -1;
    let formed = 0;
    let written = 0;
    /** Up to the piece whose form has this unit. */
    const goTo = (unit: number) => {
      while (formed <= unit) {
        index += 1;
        formed += forms[index]?.length ?? 0;
        written += pieces[index]?.length ?? 0;
      }
    };
    for (const end of this.#endsIn(forms.join(''))) {
      goTo(end - this.#sought.length);
      const from = written - (pieces[index]?.length ?? 0);
      goTo(end - 1);
      const last = matches.at(-1);
      // Within one ligature one may end and another begin.
      if (last && from < last.to) matches[matches.length - 1] = { from: last.from, to: written };
      else matches.push({ from, to: written });
    }
    return matches;
  }

  /** Behind each place where it is, none of which overlap. */
  *#endsIn(form: string): Generator<number, void> {
    const sought = this.#sought;
    let matched = 0;
    for (let at = 0; at < form.length; at++) {
      const unit = form.charCodeAt(at);
      while (matched > 0 && sought.charCodeAt(matched) !== unit)
        matched = this.#borders[matched - 1] as number;
      if (sought.charCodeAt(matched) === unit) matched += 1;
      if (matched < sought.length) continue;
      yield at + 1;
      matched = 0;
    }
  }
}

function bordersOf(sought: string): Uint16Array {
  const borders = new Uint16Array(sought.length);
  let matched = 0;
  for (let at = 1; at < sought.length; at++) {
    while (matched > 0 && sought.charCodeAt(matched) !== sought.charCodeAt(at))
      matched = borders[matched - 1] as number;
    if (sought.charCodeAt(matched) === sought.charCodeAt(at)) matched += 1;
    borders[at] = matched;
  }
  return borders;
}
