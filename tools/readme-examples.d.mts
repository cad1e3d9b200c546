export function readmeExamples(file: string | URL): { lang: string; code: string; line: number }[];
