/** What a page is told of its network: it has come or gone, or the page was not looked at, and slept. */
import type { Network } from '../platform.ts';

export const pageNetwork: Network = {
  onChange(tell) {
    const look = () => {
      if (document.visibilityState === 'visible') tell();
    };
    for (const name of ofWindow) addEventListener(name, tell);
    document.addEventListener('resume', tell);
    document.addEventListener('visibilitychange', look);
    return () => {
      for (const name of ofWindow) removeEventListener(name, tell);
      document.removeEventListener('resume', tell);
      document.removeEventListener('visibilitychange', look);
    };
  },
};

const ofWindow = ['online', 'offline', 'pageshow'] as const;
