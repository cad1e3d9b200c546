export function readmeExamples(file: string | URL): { lang: string; code: string; line: number }[];
export function runReadmeExamples(readme: URL): Promise<string[]>;
export function promisedOutputs(readme: URL): string[];
