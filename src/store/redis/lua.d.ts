/** Lua scripts are imported as text: by esbuild (build.mjs) and by Jest (test/support/jest-transform.mjs). */
declare module '*.lua' {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: what a text loader makes has no names.
  export default text;
}
