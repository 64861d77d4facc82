/**
 * Keeps the files of the page itself, nothing else: no message, no call to a route. The page is asked of
 * the network first, so that a new version is there at the next load.
 */
/** deploy/build/web.mjs puts in what there is, and a name for it that changes with it. */
declare const SHELL: { readonly name: string; readonly paths: readonly string[] };

const worker = self as unknown as ServiceWorkerGlobalScope;

worker.addEventListener('install', (event) => {
  event.waitUntil(caches.open(SHELL.name).then((cache) => cache.addAll(['/', ...SHELL.paths])));
});

worker.addEventListener('activate', (event) => {
  const removeOld = async () => {
    const names = await caches.keys();
    await Promise.all(
      names.filter((name) => name !== SHELL.name).map((name) => caches.delete(name)),
    );
  };
  event.waitUntil(removeOld());
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  if (pathname === '/') event.respondWith(page(request));
  else if (SHELL.paths.includes(pathname)) event.respondWith(file(request));
});

async function page(request: Request): Promise<Response> {
  const cache = await caches.open(SHELL.name);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put('/', response.clone());
    return response;
  } catch {
    return (await cache.match('/')) ?? Response.error();
  }
}

/** Its name says what is in it. */
async function file(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}
