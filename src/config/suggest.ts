/** Suggestions for words that are not known. */

/**
 * ` (did you mean --port?)`, or nothing. The prefix is what all candidates begin with: it says
 * nothing about likeness.
 */
export function didYouMean(word: string, candidates: readonly string[], prefix = ''): string {
  const best = suggest(word, candidates);
  return best === undefined ? '' : ` (did you mean ${prefix}${best}?)`;
}

/** The candidate that a slip of the fingers may have turned into `word`, or that it begins. */
function suggest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  // A third of the letters may be wrong; beyond that it is another word.
  let distanceMax = Math.max(1, Math.floor(word.length / 3));
  for (const candidate of candidates) {
    // So many letters are missing at least: nothing else is looked at of a long word.
    if (Math.abs(word.length - candidate.length) > distanceMax) continue;
    const distance = editDistance(word, candidate);
    if (distance > distanceMax || (best !== undefined && distance === distanceMax)) continue;
    best = candidate;
    distanceMax = distance;
  }
  return best ?? candidates.find((candidate) => candidate.startsWith(`${word}-`));
}

/**
 * How many letters have to be added, removed, replaced or swapped with their neighbour to make
 * `from` into `to`.
 */
function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const ways = [
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      ];
      if (row > 1 && column > 1 && swapped) ways.push((beforePrevious[column - 2] ?? 0) + 1);
      current.push(Math.min(...ways));
    }
    [beforePrevious, previous] = [previous, current];
  }
  return previous[to.length] ?? 0;
}
