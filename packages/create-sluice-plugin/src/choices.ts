/** What a new project may make. */
export const kinds = ['input', 'output', 'filter'] as const;
/** A kind of plugin that a project can be made for. */
export type Kind = (typeof kinds)[number];

/** `ts` is TypeScript, `js` is JavaScript. */
export const languages = ['ts', 'js'] as const;
/** The language of a new project. */
export type Language = (typeof languages)[number];
