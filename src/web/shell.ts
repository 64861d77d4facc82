/** The page without a network: its own files are kept by a service worker (service-worker.ts). */

import { ignore } from '../base/ignore.ts';

const path = '/service-worker.js';

interface TrustedPolicy {
  createScriptURL(url: string): string;
}

/** Trusted Types, where the browser has them: which scripts may be named by a text. */
declare const trustedTypes:
  | {
      createPolicy(
        name: string,
        rules: { readonly createScriptURL: (url: string) => string },
      ): TrustedPolicy;
    }
  | undefined;

/** Where the browser has none, the page needs a network. */
export function registerServiceWorker(): void {
  if (!('serviceWorker' in navigator)) return;
  const rules = { createScriptURL: () => path };
  const policy =
    typeof trustedTypes === 'undefined' ? rules : trustedTypes.createPolicy('cim', rules);
  navigator.serviceWorker
    .register(policy.createScriptURL(path))
    .catch(ignore('the page needs a network then'));
}
