import type { Logger } from '../base/log.ts';
import type { RouteSettings } from '../config/settings.ts';

/** Settings that leave a door open are said at the start, one line each. */
export function warnOfOpenDoors({ auth }: Pick<RouteSettings, 'auth'>, log: Logger): void {
  if (auth === 'open') {
    log.warn(
      '--auth open: whoever can reach the ports may log in as anybody; for closed networks only',
    );
  }
}
