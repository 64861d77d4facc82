/** What a port tells of counters, where no process is measured. */
import type { Counters } from '../../src/base/process/counters.ts';
import type { Figures } from '../../src/http/metrics.ts';

export function figuresOf(counters: Counters): Figures {
  return { counters: [counters], source: async () => counters.families(), access: 'secret' };
}
