export function looksLikeConfiguration(code: string): boolean;
