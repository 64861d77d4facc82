/**
 * Tokens of an application (--auth jwt): in the fragment of the page's address, which no server is ever
 * told, or from the page that shows this one in a frame. docs/guides/web-chat.md says how.
 */
import { CimError } from '../../client/sdk/index.ts';

/** Taken out of the address at once, so that it is neither seen nor kept in the history. */
export function tokenOfAddress(): string | undefined {
  const token = /^#token=([\w.-]+)$/.exec(location.hash)?.[1];
  if (token !== undefined) history.replaceState(null, '', location.pathname);
  return token;
}

/** Whether another page shows this one. */
export function isFramed(): boolean {
  return window.parent !== window;
}

/**
 * Asks the page around this one. Which pages may be that is for the browser to hold
 * (frame-ancestors). Rejects with a CimError `unauthenticated` if there is none.
 */
export function awaitToken(): Promise<string> {
  const { parent } = window;
  if (!isFramed())
    return Promise.reject(new CimError('unauthenticated', 'this page is opened by an application'));
  return new Promise((resolve) => {
    const take = ({ source, data }: MessageEvent<unknown>) => {
      if (source !== parent || !isTokenMessage(data)) return;
      window.removeEventListener('message', take);
      resolve(data.token);
    };
    window.addEventListener('message', take);
    // Nothing secret: whoever is around this page may know that it waits.
    parent.postMessage({ cim: 'token-wanted' }, '*');
  });
}

function isTokenMessage(data: unknown): data is { readonly cim: 'token'; readonly token: string } {
  if (typeof data !== 'object' || data === null) return false;
  const { cim, token } = data as { readonly cim?: unknown; readonly token?: unknown };
  return cim === 'token' && typeof token === 'string';
}
