export function allows(expression: string, allowed: ReadonlySet<string>): boolean;
