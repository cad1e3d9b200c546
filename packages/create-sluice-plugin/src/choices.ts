/** What a new project may make. */
export const kinds = ['input', 'output', 'filter'] as const;
export type Kind = (typeof kinds)[number];

/** `ts` is TypeScript, `js` is JavaScript. */
export const languages = ['ts', 'js'] as const;
export type Language = (typeof languages)[number];
