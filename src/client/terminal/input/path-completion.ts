/** The files and folders that a line may go on to name: for TAB. */
import { opendir } from 'node:fs/promises';
import { expandHome } from '../local-file.ts';

/** Of a folder with more, some are not offered. */
const entriesMax = 5_000;

/** What was typed of a path so far, after whom or what it is for; undefined: the line takes none here. */
export function typedPath(line: string): string | undefined {
  return /^:(?:file|open)\s+\S+\s+(.*)$/su.exec(line)?.[1];
}

/** As they are typed; folders end in a slash. Never rejects: what cannot be read has nothing to offer. */
export async function pathsFor(line: string): Promise<readonly string[]> {
  const typed = typedPath(line);
  if (typed === undefined) return [];
  const folder = typed.slice(0, typed.lastIndexOf('/') + 1);
  const isHidden = typed.slice(folder.length).startsWith('.');
  const paths: string[] = [];
  try {
    for await (const entry of await opendir(expandHome(folder) || '.')) {
      if (entry.name.startsWith('.') !== isHidden) continue;
      paths.push(`${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`);
      if (paths.length === entriesMax) break;
    }
  } catch {
    // Whoever types on is told what is wrong with it.
    return [];
  }
  return paths.sort();
}
