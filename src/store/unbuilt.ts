/** Stands for a part of a store that is being built: every call of it is refused. */
import { CimError } from '../base/errors.ts';

export function unbuilt<Part extends object>(name: string): Part {
  return new Proxy({} as Part, {
    get: () => () => Promise.reject(new CimError('internal', `${name} are not built yet`)),
  });
}
