/**
 * The version of this build; esbuild puts package.json's in. Unbundled, as under Jest, it is `dev`.
 */
export const version = process.env.CIM_VERSION ?? 'dev';
