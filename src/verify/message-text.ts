/**
 * What messages say: which run and which message of it, and some padding, so that a text that comes
 * out changed is noticed. Pure.
 */

const longest = 20_000;

/** The text of message `number` of this run. Most are short, some are long. */
export function textOf(run: string, number: number): string {
  const length = number % 101 === 0 ? longest : number % 17 === 0 ? 1_500 : number % 50;
  const letter = String.fromCharCode(97 + (number % 26));
  return `cim verify ${run} #${number} ${letter.repeat(length)}`;
}

/** What message `number` says after the edit of that number: short, and never used before. */
export function editedText(run: string, number: number, edit: number): string {
  return `cim verify ${run} #${number} edit ${edit}`;
}

/** The number of a message of this run; undefined: it is somebody else's. */
export function numberOf(run: string, text: string): number | undefined {
  const [, ofRun, number] = /^cim verify (\w+) #(\d+) /.exec(text) ?? [];
  return ofRun === run ? Number(number) : undefined;
}
