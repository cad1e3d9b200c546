import type { ParamDescription, SectionDescription } from '@sluice/config';

export interface Entry {
  readonly name: string;
  readonly kind: string;
  readonly type?: string;
  readonly from?: string;
  readonly description: string;
  readonly section: SectionDescription;
}
export function referenceEntries(): Promise<Entry[]>;
export function parametersOf(
  entry: Entry,
): { readonly sections: string[]; readonly param: ParamDescription }[];
