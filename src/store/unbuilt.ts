/**
 * Stands for a part of a store that is being built: every call of it is refused, but that nobody is
 * in a group is true.
 */
import { CimError } from '../base/errors.ts';

export function unbuilt<Part extends object>(name: string): Part {
  return new Proxy({} as Part, {
    get: (_part, call) => async () => {
      if (call === 'of') return [];
      throw new CimError('internal', `${name} are not built yet`);
    },
  });
}
