/** The commands of documents, for tests that run them. */
import { readFileSync } from 'node:fs';

/** A block of commands that a document says is tested. */
export function commandsOf(page: string, name: string, language = 'sh'): string {
  const start = `<!-- tested: ${name} -->\n\`\`\`${language}\n`;
  const [, rest = ''] = readFileSync(page, 'utf8').split(start);
  const [block = ''] = rest.split('```', 1);
  if (block === '') throw new Error(`${page} has no block ${name}`);
  return block;
}
