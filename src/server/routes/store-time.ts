/** The store's clock, as a server may know it: by way of a route. */
import { callOne } from '../../api/batch-call.ts';
import type { RouteApi } from '../../api/route-api.ts';
import { CimError, errorOfCode } from '../../base/errors.ts';

/** ms since 1970. Rejects with a CimError while no route can tell. */
export async function storeTime(
  { time }: Pick<RouteApi, 'time'>,
  instance: string,
): Promise<number> {
  const { code, at } = await callOne(time, { instance });
  if (code !== 0) throw new CimError(errorOfCode(code));
  return at;
}
