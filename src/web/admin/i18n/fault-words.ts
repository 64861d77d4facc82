/** What can be the matter with a role (src/base/process/faults.ts), in one language. */
import type { FaultName } from '../../../base/process/faults.ts';

export type FaultWords = Readonly<
  Record<FaultName, { readonly words: string; readonly remedy: string }>
>;
