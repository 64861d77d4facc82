/** The package comes without types. */
declare module 'wcwidth' {
  function wcwidth(text: string): number;
  export = wcwidth;
}
